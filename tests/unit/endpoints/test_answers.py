"""What an endpoint's answer means, and that none of them loses or doubles anything (C9, E1, E3)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from integrations.contracts.connector import Change
from integrations.endpoints.endpoint import EndpointConnector
from models.domain.errors import Misconfigured, Rejected
from models.journal import Journal
from tests.endpoints import Receiver, accepted, endpoint, failure, listening
from tests.unit.endpoints.test_sending import Elsewhere
from tests.unit.engine.hostile import HandClock


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as found:
        yield found


@pytest.fixture
def ours(journal: Journal, clock: HandClock, receiver: Receiver) -> Elsewhere:
    return Elsewhere(journal, clock, endpoint(receiver.address))


def asked(ours: Elsewhere) -> str:
    one = failure("TE-1")
    ours.found(one)
    request_id = ours.ask([one])
    ours.go()
    return request_id


def states(ours: Elsewhere) -> set[str]:
    return {state for flow, state in ours.journal.runs.states() if flow == "replay-elsewhere"}


@pytest.mark.req("C9", "E1", "E3")
def test_an_answer_that_never_came_is_sent_again_with_the_same_key_until_it_is_heard(
    ours: Elsewhere, receiver: Receiver
) -> None:
    """E1: three times nothing is heard, and it began once."""
    receiver.answer = lambda message, times: None if times < 4 else (409, {}, None)
    request_id = asked(ours)
    for _ in range(3):
        ours.go(600)
    assert list(receiver.keys.values()) == [4] and set(receiver.effects.values()) == {1}
    assert states(ours) == {"settled"} and ours.answer(request_id).result["accepted"] == 1


@pytest.mark.req("C9")
def test_what_is_never_answered_is_dead_and_says_so(ours: Elsewhere, receiver: Receiver) -> None:
    receiver.answer = lambda message, times: None
    request_id = asked(ours)
    for _ in range(8):
        ours.go(600)
    answer = ours.answer(request_id)
    assert (answer.state, answer.result["failed"], list(receiver.keys.values())) == ("failed", 1, [6])


@pytest.mark.req("C9", "E3", "S7")
def test_an_endpoint_that_asks_to_wait_is_left_alone_so_long(ours: Elsewhere, receiver: Receiver) -> None:
    """S7: waiting is no attempt, and nobody else calls it meanwhile."""
    for status, calls in ((429, 1), (503, 2)):
        receiver.answer = lambda message, times, status=status: (status, {"Retry-After": "120"}, None)  # type: ignore
        if calls == 1:
            request_id = asked(ours)
        else:
            ours.go(61)
        assert len(receiver.came) == calls
        ours.go(60)
        assert len(receiver.came) == calls
    receiver.answer = accepted
    ours.go(61)
    assert len(receiver.came) == 3 and ours.answer(request_id).result["accepted"] == 1
    assert list(receiver.keys.values()) == [3]


@pytest.mark.req("C9", "E3")
def test_a_refusal_stops_the_plan_and_keeps_the_words_of_the_endpoint(ours: Elsewhere, receiver: Receiver) -> None:
    receiver.answer = lambda message, times: (422, {}, {"error": "no such flow: Post time"})
    ones = [failure(f"TE-{n}") for n in range(3)]
    ours.found(*ones)
    request_id = ours.ask(ones)
    ours.go()
    answer = ours.answer(request_id)
    assert (answer.state, answer.result["failed"], len(receiver.came)) == ("failed", 1, 1)
    (sent,) = ours.journal.runs.by_ids(list(answer.result["run_ids"].values()))
    assert sent.error_code == "endpoint-refused" and "no such flow: Post time" in (sent.error_message or "")


@pytest.mark.req("C9", "G3")
def test_a_redirect_is_a_refusal_and_goes_nowhere_else(ours: Elsewhere, receiver: Receiver) -> None:
    """G3: what is signed for one host is for no other."""
    with listening(Receiver()) as other:
        receiver.answer = lambda message, times: (307, {"Location": f"{other.address}/again"}, None)
        request_id = asked(ours)
        assert not other.came and ours.answer(request_id).state == "failed"


@pytest.mark.req("C9", "E3")
def test_an_endpoint_that_is_down_is_tried_again_until_it_is_up(journal: Journal, clock: HandClock) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    ours = Elsewhere(journal, clock, endpoint(address))
    request_id = asked(ours)
    assert not states(ours) & {"settled", "dead"} and ours.answer(request_id).state == "running"
    with listening(Receiver()) as receiver:
        ours.to = endpoint(receiver.address)
        ours.engine = ours.engine_of("first")
        ours.go(600)
        assert len(receiver.came) == 1 and states(ours) == {"settled"}


@pytest.mark.req("C9", "G3")
def test_a_wrong_secret_opens_the_circuit_and_is_in_no_message(ours: Elsewhere, receiver: Receiver) -> None:
    receiver.answer = lambda message, times: (401, {}, None)
    asked(ours)
    circuit = ours.journal.throttle.circuits()["ours/replay"]
    assert circuit.state == "open" and "check the credentials of ours/replay (secret)" in (circuit.reason or "")
    secret = ours.to.system.credentials["secret"]
    assert secret not in str(ours.told()) and secret not in repr(ours.to)
    weak = replace(ours.to, system=replace(ours.to.system, credentials={"secret": "whsec_c2hvcnQ="}))
    with pytest.raises(Misconfigured, match="no secret of Standard Webhooks"):
        EndpointConnector(weak, ours.clock).check()


def test_an_endpoint_that_the_catalogue_names_no_more_refuses_in_words(ours: Elsewhere) -> None:
    one = failure("TE-1")
    ours.found(one)
    ours.engine = type(ours.engine)(ours.journal, [], [], ours.clock, owner="without")
    request_id = ours.ask([one])
    ours.go()
    (run_id,) = ours.answer(request_id).result["run_ids"].values()
    (sent,) = ours.journal.runs.by_ids([run_id])
    assert sent.state.value == "dead" and "ours/replay is not in the catalogue any more" in (sent.error_message or "")


@pytest.mark.parametrize("said", [[1, 2], {"wanted": 3}, "fine"])
def test_a_preview_that_says_nothing_readable_is_refused(clock: HandClock, receiver: Receiver, said: Any) -> None:
    receiver.answer = lambda message, times: (200, {}, said)
    found = EndpointConnector(endpoint(receiver.address, preview="/preview"), clock)
    with pytest.raises(Rejected, match="object with the fields `wanted`"):
        found.state(Change("annotate", "foreign_run", "run", "key", {"type": "tieout.replay", "key": "key"}))
    with suppress(Misconfigured):
        found.poll("any", None)
