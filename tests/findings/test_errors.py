"""Errors cross process boundaries, settings are checked, and no number is no number."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from integrations.connectors.reply import Reply
from integrations.contracts.connector import Policy
from models.domain.errors import OutcomeUnknown, RateLimited, Rejected, TieoutError, Unmappable

ERRORS = (
    OutcomeUnknown("m", "k"),
    RateLimited("m", datetime(2026, 9, 1, tzinfo=UTC)),
    Rejected("m", code="c"),
    Unmappable("m", "p"),
)


@pytest.mark.finding("C11a")
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_crosses_a_process_boundary_whole(error: TieoutError):
    """In 0.1.0 four of the errors could be pickled and not unpickled, so what they said was lost between processes.

    Wanted: what arrives is what was sent.
    """
    try:
        arrived = pickle.loads(pickle.dumps(error))
    except TypeError as trouble:
        raise AssertionError(f"{type(error).__name__} does not arrive: {trouble}") from trouble
    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))


@pytest.mark.finding("C11b")
@pytest.mark.parametrize(
    "wrong", [{"burst": 0}, {"concurrency": 0}, {"rate": float("nan")}, {"timeout": -1.0}], ids=str
)
def test_a_policy_that_cannot_work_is_refused(wrong):
    """0.1.0 took any value: a burst of 0 loops for ever and a concurrency of 0 crashes.

    Wanted: refused, naming the setting.
    """
    (name,) = wrong
    try:
        Policy(**wrong)
    except (ValueError, TieoutError) as refused:
        assert name in str(refused)
    else:
        raise AssertionError(f"a policy with {wrong} was taken")


@pytest.mark.finding("C11e")
@pytest.mark.parametrize("word", ["NaN", "Infinity"])
def test_an_answer_with_what_is_no_number_is_refused(word):
    """0.1.0 read NaN and Infinity, which are not JSON, as numbers. Wanted: the answer is refused as unreadable."""
    reply = Reply(200, {}, f'{{"rate": {word}}}'.encode())
    try:
        read = reply.json()
    except (ValueError, TieoutError):
        return
    raise AssertionError(f"{word} was read as {read}")
