"""What looks like a credential never reaches the lake (G3)."""

from __future__ import annotations

import base64

import pytest

from collectors.pipeline.hint import hinted
from collectors.pipeline.protect import protected, protected_bytes, protected_json, protected_lines
from models.domain.secrets import secret_name

pytestmark = pytest.mark.req("G3")


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "http.request.header.authorization",
        "proxy-authorization",
        "password",
        "DB_PASSWD",
        "client_secret",
        "x-api-key",
        "apiKey",
        "private_key",
        "Set-Cookie",
        "http.request.header.cookie",
        "access_token",
        "refreshToken",
        "token",
        "auth.token",
    ],
)
def test_names_of_credentials(name):
    assert secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "project.key",
        "business_key",
        "token_count",
        "gen_ai.usage.input_tokens",
        "cookies_accepted_at",
        "tokens",
        "keyboard",
        "idempotency.key",
        "external_key",
    ],
)
def test_names_that_only_sound_alike(name):
    assert not secret_name(name)


def test_nested_values_and_spoken_credentials():
    held = {"a": [{"password": "x"}, "Basic dXNlcjpwYXNzd29yZA=="], "plan": "Basic subscription", "key": "PRJ-1"}
    assert protected(held) == {"a": [{"password": "***"}, "***"], "plan": "Basic subscription", "key": "PRJ-1"}


def test_lines_without_a_suspicious_word_are_handed_back_untouched():
    lines = b'{"b": 1,  "a": 2, "key": "PRJ-1"}\n{"url": "https://erp.example/x"}'
    assert hinted([lines]) == [False] and protected_lines(lines) is lines
    assert (
        protected_lines(b'{"n":1}\n{"secret": "x"}\nno json password=x')
        == b'{"n":1}\n{"secret":"***"}\nno json password=***'
    )
    assert protected_json('{"secret":"x","n":1.0}') == '{"secret":"***","n":1.0}'


def test_refused_bytes_keep_their_shape_and_lose_their_secrets():
    assert protected_bytes(b'{"authorization": "hidden", "n": 1') == '{"authorization": "***", "n": 1'
    assert protected_bytes(b'{"n": 1, "password": "cut off in the mid') == '{"n": 1, "password": "***'
    assert protected_bytes(b"Authorization: Bearer abcdefghijklmnop1234") == "Authorization: ***"
    assert base64.b64decode(protected_bytes(b"\xff\x00Bearer abcdefghijklmnop1234")) == b"\xff\x00***"
