"""A credential planted anywhere in a request is stored nowhere, and the quick look sees all that the closer one finds.

A failure prints its seed; `PLANTED_SEED` plays it again.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis.strategies import characters, from_regex
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from collectors.pipeline.answer import JSON, PROTOBUF
from collectors.pipeline.hint import PATTERN, hinted, re2, searching
from collectors.pipeline.otlp.decode import Signal, decode_guarded
from collectors.pipeline.protect import foreign_secret
from collectors.pipeline.reading import read
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Kind
from models.domain.secrets import VENDORS, suspicious
from tests.bench.load import Requests
from tests.canaries import SHAPES
from tests.unit.collect.requests import START, logs, traces

pytestmark = pytest.mark.req("G3")
SEED = int(os.environ.get("PLANTED_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
PLAIN = "a plain word"
CASES = {"as it is": str, "upper": str.upper, "lower": str.lower, "mixed": str.swapcase, "title": str.title}
WORDS = r"""password passwd passwt passphrase pwd api key token tokens secret credentials session id sig signature by =
authorization cookie cookie2 bearer basic ssws apikey access account digest identified :// @ @tcp( @unix( -- -u - _ . :
%3D %20 + > < ? & ; ' " \ \" \\\" { } /webhooks/ => hooks.slack.com/services/ googleapis.com/v1/spaces/ 12345678:AA sk-
SG. ghp_ eyJ key- SK xoxb- sk_live_ whsec_ ya29. glpat- npm_ hvs. A1B2C3D4E5F6G7H8 a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6 ann
0123456789abcdef0123456789abcdef"""
FRAGMENTS = [*WORDS.split(), *" \t\n\v\f\r"]
NAMES = """Authorization db.passwd passphrase client_secret credential private-key x_api_key accessKey set-cookie token
cookies auth.token accessToken xsrf-token salary base.wages compensation bonus cost_rate hourlyrate pay.rate
labor-rate"""


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    print(f"PLANTED_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


@pytest.mark.parametrize("signal", Signal)
def test_a_credential_planted_anywhere_is_stored_nowhere(signal: Signal, chance: random.Random) -> None:
    """Each shape in any field, case and encoding, at the beginning, in the middle or at the end of its text."""
    plain = of(signal)
    for secret, text in SHAPES.values():
        media = chance.choice([PROTOBUF, JSON])
        spoken = cased(secret, text, chance)
        request = type(plain)()
        request.CopyFrom(plain)
        holder, name = chance.choice(list(places(request)))
        told = f"{around(chance)}{spoken}{around(chance)[::-1]}"
        setattr(holder, name, told.encode() if name == "bytes_value" else told)
        body = request.SerializeToString() if media == PROTOBUF else as_json(request)
        stored = read(Request(Kind[signal.name], media, "", body, "t", 1), 1 << 22).frame.payload
        rows = str(decode_guarded(signal, [stored], [1]).table.to_pylist())
        for piece in (secret[:12], secret[12:24] if len(secret) > 24 else secret[-12:], secret[-12:]):
            assert piece not in rows and piece.encode() not in stored, f"{spoken!r} in {holder.DESCRIPTOR.name}.{name}"
        assert rows.count(PLAIN) > 15


def test_the_quick_look_sees_what_the_closer_one_finds(chance: random.Random) -> None:
    """In texts put together at random: as they are, in JSON, in JSON in JSON, between other bytes; by both engines."""
    seen = 0
    for _ in range(1_000):
        text = "".join(cased("", one, chance) for one in chance.choices(FRAGMENTS, k=chance.randrange(3, 9)))
        if suspicious(text):
            seen += 1
            written = json.dumps(text)
            for body in (text, written, json.dumps(written), f"a{text}J"):
                assert all(search(body.encode()) for search in searches()), (text, body)
    assert seen > 50


@pytest.mark.parametrize("form", VENDORS.values(), ids=VENDORS.keys())
def test_the_quick_look_sees_every_token_of_a_vendor(form: str) -> None:
    @settings(max_examples=25, deadline=None, database=None)
    @given(from_regex(form, fullmatch=True, alphabet=characters(codec="ascii")))
    def seen(token: str) -> None:
        assert all(search(token.encode()) for search in searches())

    seen()


@pytest.mark.parametrize("name", NAMES.split())
def test_the_quick_look_sees_the_names_of_what_is_masked(name: str, chance: random.Random) -> None:
    """Also where a sender writes the value before its name, and other fields follow."""
    for _ in range(5):
        spoken = cased("", name, chance)
        first, last = KeyValue(key=spoken), KeyValue(value=AnyValue(string_value="9"))
        for body in (first.SerializeToString() + last.SerializeToString(), last.SerializeToString()):
            body += first.SerializeToString() * (body[0] != 0x0A)
            for follows in (b"", b"\x4a\x05", b"\x5a\x05", b"\x62\x05", b"\x32\x05", b"\x0a\x05"):
                assert foreign_secret(spoken) and all(search(body + follows) for search in searches())


def test_random_ids_look_like_no_secret() -> None:
    """One of 200 bodies may, by chance."""
    requests = Requests(500)
    assert sum(hinted(requests.body() for _ in range(8))) <= 1


def of(signal: Signal) -> Any:
    """A request of two items with a plain word in every field that is text."""
    request = traces(2) if signal is Signal.TRACES else logs(2)
    group = (request.resource_spans if signal is Signal.TRACES else request.resource_logs)[0]
    scope = (group.scope_spans if signal is Signal.TRACES else group.scope_logs)[0]
    group.schema_url = scope.schema_url = scope.scope.name = scope.scope.version = PLAIN
    attributed(group.resource), attributed(scope.scope)
    for span in scope.spans if signal is Signal.TRACES else ():
        span.name = span.status.message = span.trace_state = PLAIN
        attributed(span), attributed(span.events.add(time_unix_nano=START, name=PLAIN))
        attributed(span.links.add(trace_id=os.urandom(16), span_id=os.urandom(8), trace_state=PLAIN))
    for record in scope.log_records if signal is Signal.LOGS else ():
        record.severity_text = record.event_name = PLAIN
        attributed(record)
        chosen(record.body)
    return request


def attributed(holder: Any) -> None:
    holder.attributes.add(key=PLAIN).value.string_value = PLAIN
    holder.attributes.add(key="raw").value.bytes_value = PLAIN.encode()
    chosen(holder.attributes.add(key="deep").value)


def chosen(value: AnyValue) -> None:
    """A map in a list in a map, with a plain word as key and as value."""
    inner = value.kvlist_value.values.add(key=PLAIN).value.array_value.values.add()
    inner.kvlist_value.values.add(key=PLAIN).value.string_value = PLAIN


def places(message: Any) -> Iterator[tuple[Any, str]]:
    """Every field below that holds the plain word."""
    for field, held in message.ListFields():
        if field.message_type is not None:
            for inner in held if field.is_repeated else [held]:
                yield from places(inner)
        elif held in (PLAIN, PLAIN.encode()):
            yield message, field.name


def cased(secret: str, text: str, chance: random.Random) -> str:
    """The text in some upper and lower case, where that is still a credential; the secret stays as it is."""
    change = CASES[chance.choice(list(CASES))]
    other = secret.join(map(change, text.split(secret))) if secret else change(text)
    return other if not secret or suspicious(other) else text


def around(chance: random.Random) -> str:
    """Nothing, a word, or so much text that what stands behind it lies across a border of 4 or 64 KiB."""
    size = chance.choice([0, 0, 7, 7, 100, 100, 4_096 - chance.randrange(60), 65_536 - chance.randrange(900)])
    return ("etaoin shrdlu " * 5_000)[-size:] if size else ""


def as_json(request: Any) -> bytes:
    """OTLP's JSON: ids are hex."""
    return re.sub(
        rb'("(?:trace|span)Id": )"([^"]*)"',
        lambda found: found[1] + b'"' + base64.b64decode(found[2]).hex().encode() + b'"',
        json.dumps(MessageToDict(request)).encode(),
    )


@cache
def searches() -> list[Any]:
    return [searching(PATTERN, engine) for engine in (re2, re) if engine is not None]
