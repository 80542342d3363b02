"""The named statements of queries.sql."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

NAMED = re.compile(r"^-- (\w+): [^\n]*\n(.*?)(?=^-- \w+: |\Z)", re.MULTILINE | re.DOTALL)


@cache
def statements() -> Mapping[str, str]:
    """Statement by name, without its line of purpose."""
    text = files(__package__).joinpath("queries.sql").read_text("utf-8")
    return {name: " ".join(body.split()) for name, body in NAMED.findall(text)}
