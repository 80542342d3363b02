"""What the body of an error says to a person: its message where it has one, else the text as it came."""

from __future__ import annotations

import pytest

from integrations.connectors.reply import words_of


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}]', "Session expired"),
        ('{"errors": [{"type": "system", "message": "a small delay"}]}', "a small delay"),
        ('{"error": "invalid_client", "error_description": "unknown client"}', "unknown client"),
        ('{"error": {"code": "closed", "message": "the period is closed"}}', "the period is closed"),
        ('{"type": "about:blank", "title": "Forbidden", "status": 403}', "Forbidden"),
        ("Service Unavailable", "Service Unavailable"),
        ('{"code": 17}', '{"code": 17}'),
        ('{"message": [], "errors": []}', '{"message": [], "errors": []}'),
        ('{"message": 17}', '{"message": 17}'),
        ('{"message": "cut in the mid', '{"message": "cut in the mid'),
        ("[]", "[]"),
        ("", ""),
        ("17", "17"),
    ],
)
def test_words_of_a_body(body: str, said: str) -> None:
    assert words_of(body) == said
