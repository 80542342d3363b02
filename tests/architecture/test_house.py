"""The house is as its READMEs say: narrow lines, no import circle, no reference to what is not here."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("app", "collectors", "integrations", "models")
WIDTH = 120
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
ANCHOR = re.compile(r"\]\((?!https?:)([^)#\s]+\.md)#([^)\s]+)\)")
ELSEWHERE = re.compile(r"\bdesign\.md\b|\brequirements\.md\b|\.\./shared\b|\bshared/(findings|vendors|accept|data)\b")
RETIRED = re.compile(r"\b(farewell(s|ed)?|strangers?|partings?|deeds?|weather|stones|lean|letters)\b", re.IGNORECASE)
OF_THE_FIELD = re.compile(
    r"\bdead[\s#/*-]+letters\b|\bcapital letters\b|\bletters\b(?=[^\n]*\bdigits\b)", re.IGNORECASE
)
"""Dead letters, also over the end of a comment's line; and letters of the alphabet, which stand beside digits."""
WRITTEN = (".py", ".sql", ".md", ".toml", ".css", ".js", ".html")
STILL_SAID = {
    "models/journal/migrations/versions/m0001_journal.py": ("farewell", "what is published is never edited"),
    "models/journal/migrations/versions/m0003_inbox.py": ("farewell", "renames the column of m0001"),
    "integrations/sandbox/operations/life.py": ("weather", "reads the keys of a home of a release before 0.2"),
}


@cache
def tracked() -> tuple[str, ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("needs data that is not part of the project: no git checkout here")
    return tuple(name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file())


def lines_of(*endings: str) -> Iterator[tuple[str, int, str]]:
    for name in tracked():
        if name.endswith(endings):
            for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").split("\n"), start=1):
                yield name, number, line


def test_no_line_of_python_or_sql_is_wider_than_120_columns() -> None:
    assert [f"{name}:{number}" for name, number, line in lines_of(".py", ".sql") if len(line) > WIDTH] == []


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, modules: set[str]) -> Iterator[str]:
    """The project's own modules that a module needs, at its import or when one of its functions runs."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else str(node.module) for name in names]
        yield from (name for name in names if name in modules)


@cache
def graph() -> dict[str, frozenset[str]]:
    paths = {module_of(path): path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")}
    return {name: frozenset(imports(path, set(paths))) - {name} for name, path in paths.items()}


def circles(needs: dict[str, frozenset[str]]) -> list[str]:
    """Modules that are left when everything that needs nothing is taken away, again and again."""
    left = dict(needs)
    while free := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in free:
            del left[name]
    while ends := [name for name in left if not any(name in needed for needed in left.values())]:
        for name in ends:
            del left[name]
    return sorted(left)


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert len(graph()) > 200
    assert circles(graph()) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("b"), "d": frozenset("a")}) == ["b", "c"]


def test_no_room_imports_back() -> None:
    """Two rooms of a layer need each other one way only."""
    arrows = {(_room(one), _room(other)) for one, needed in graph().items() for other in needed}
    both = {frozenset((one, other)) for one, other in arrows if one != other and (other, one) in arrows}
    assert both == set()


def test_an_import_inside_a_function_counts(tmp_path: Path) -> None:
    """Else a circle need only be moved into a function to be out of sight."""
    file = tmp_path / "late.py"
    file.write_text("def run():\n    from app.cli import query\n    import models.settings\n")
    assert set(imports(file, {"app.cli.query", "models.settings"})) == {"app.cli.query", "models.settings"}


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_every_link_of_a_page_leads_somewhere() -> None:
    known = set(tracked()) | {str(Path(name).parent) for name in tracked()}
    broken = [
        f"{name}:{number} {target}"
        for name, number, line in lines_of(".md")
        for target in LINK.findall(line)
        if str((ROOT / name).parent.joinpath(target).resolve().relative_to(ROOT)).rstrip("/") not in known
    ]
    assert broken == []


def test_every_link_to_a_heading_finds_it() -> None:
    found = [(name, link) for name, _, line in lines_of(".md") for link in ANCHOR.findall(line)]
    assert len(found) >= 3
    assert [(name, link) for name, link in found if link[1] not in headings((ROOT / name).parent / link[0])] == []


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made of their words."""
    words = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in words}


def test_no_text_refers_to_what_is_not_tracked() -> None:
    me = str(Path(__file__).relative_to(ROOT))
    assert [
        f"{name}:{number}"
        for name, number, line in lines_of(".py", ".sql", ".md", ".toml", ".sh", "Makefile")
        if name != me and ELSEWHERE.search(line)
    ] == []


def test_retired_words_stay_retired() -> None:
    """Private words that the field has a term for: on-dead notice, unknown flow version, dead letter, operation, …"""
    mine = [name for name in tracked() if name.startswith(LAYERS)]
    assert [name for name in mine if retired(name)] == []
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in mine if name.endswith(WRITTEN)}
    said = {name: words for name, text in texts.items() if (words := retired(text))}
    assert said == {name: {word} for name, (word, _) in STILL_SAID.items()}


def retired(text: str) -> set[str]:
    """Retired words of a text, those that are parts of an identifier included."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", text)
    return {found[0].lower() for found in RETIRED.finditer(OF_THE_FIELD.sub(" ", words))}


def test_a_retired_word_is_found_wherever_it_stands() -> None:
    for text in (
        "count(*) AS letters",
        "row.letters",
        "class FarewellSent",
        "farewell_at",
        "# its letters",
        "weather:",
    ):
        assert retired(text), text
    for text in ("dead_letters", "class DeadLetters", "the dead\n-- letters of", "letters and digits", "cleanly"):
        assert not retired(text), text


@pytest.mark.parametrize("room", [*LAYERS, "tests"])
def test_each_room_tells_what_lives_there_on_one_screen(room: str) -> None:
    text = (ROOT / room / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 80
    assert re.search(r"import|asks", text) and re.search(r"[Aa]dd|new test", text)
