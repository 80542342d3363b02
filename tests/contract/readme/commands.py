"""Shell commands as a README shows them, read by the programs that would run them, but not run."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import opentelemetry.environment_variables
import opentelemetry.sdk.environment_variables
import typer
from typer.exceptions import TyperException

from app.cli.main import cli
from tests.contract.readme.blocks import READMES, ROOT, blocks, prose

_SPAN = re.compile(r"`((?:\.venv/bin/)?(?:tieout|make|python -m) [^`]+)`")
_FOREIGN = {
    *vars(opentelemetry.environment_variables),
    *vars(opentelemetry.sdk.environment_variables),
}
_PLACEHOLDER = "your-service"


@dataclass(frozen=True, slots=True)
class Command:
    """Words of one command, the variables set before it, and whether it is only mentioned in a sentence."""

    place: str
    variables: Mapping[str, str]
    words: tuple[str, ...]
    mentioned: bool = False


def shown() -> Iterator[Command]:
    """Every command in a shell block of the READMEs; `a|b` stands for two."""
    for block in blocks("sh"):
        for line in block.text.splitlines():
            if shlex.split(line, comments=True):
                yield from _read(block.place, line, mentioned=False)


def mentioned() -> Iterator[Command]:
    """Every command that the READMEs' sentences name."""
    for readme in READMES:
        for span in _SPAN.findall(prose(readme)):
            yield from _read(str(readme.relative_to(ROOT)), " ".join(span.split()), mentioned=True)


def _read(place: str, line: str, mentioned: bool) -> Iterator[Command]:
    words = shlex.split(line, comments=True)
    variables: dict[str, str] = {}
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, variables[name] = words.pop(0).partition("=")
    for choice in product(*(word.split("|") if re.fullmatch(r"[\w|]+", word) else [word] for word in words)):
        yield Command(place, variables, choice, mentioned)


def fault(command: Command) -> str | None:
    """Why the program would refuse the command; None where it would run it."""
    program, *words = command.words
    unknown = [name for name in command.variables if not name.startswith("TIEOUT_") and name not in _FOREIGN]
    if unknown:
        return f"nobody reads {unknown[0]}"
    for name, value in command.variables.items():
        if name.startswith("TIEOUT_") and _relative(value) and not (ROOT / value).exists():
            return f"{value} is not in the checkout"
    if program.rpartition("/")[2] == "tieout":
        return _refused(words, command.mentioned)
    if program == "make":
        return _made(words)
    if program == "python" and words[0] == "-m":
        return None if importlib.util.find_spec(words[1]) else f"there is no module {words[1]}"
    return None if program == _PLACEHOLDER else f"nobody knows the program {program}"


def _relative(value: str) -> bool:
    """Whether a value is a path of the checkout."""
    return "/" in value and not value.startswith("/") and "://" not in value


def _refused(words: list[str], mentioned: bool) -> str | None:
    group = typer.main.get_command(cli)
    try:
        while hasattr(group, "resolve_command"):
            context = group.make_context("tieout", list(words))
            _, group, words = group.resolve_command(context, list(words))
            if mentioned and not words:
                return None
        group.make_context("tieout", list(words))
    except TyperException as error:
        return str(error)
    return None


def _made(words: list[str]) -> str | None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (.+)$", makefile, re.M)[0].split()
    for word in words:
        name, given, _ = word.partition("=")
        if (f"$({name})" not in makefile) if given else (name not in targets):
            return f"the Makefile has no {word}"
    return None
