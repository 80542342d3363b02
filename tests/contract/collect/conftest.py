"""The collector processes of `tests.collecting`."""

from tests.collecting import collector, new_collector  # noqa: F401
