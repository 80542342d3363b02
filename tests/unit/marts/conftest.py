"""What the tests of marts share."""

from tests.derived import only_what_is_asked  # noqa: F401
