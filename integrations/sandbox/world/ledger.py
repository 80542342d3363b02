"""What the vendors remember: tables in memory, every change appended to one file so that a restart loses nothing.

One JSON line per change: [table, key, row], row null for a deletion. Rows are JSON-ready mappings and are replaced,
never edited in place, so that an index always knows what it indexed. A line goes to the operating system before the
answer that depends on it leaves, which survives kill -9; power loss may take the last lines, as a sandbox may.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

Row = Mapping[str, Any]
COMPACT_ABOVE = 32 * 1024 * 1024
"""Bytes above which the file is rewritten at a start."""


class Index:
    """Keys of a table by one property of its rows; None is not indexed."""

    def __init__(self, value: Callable[[Row], Any]) -> None:
        self._value = value
        self._keys: dict[Any, dict[str, None]] = {}
        self._of: dict[str, Any] = {}

    def put(self, key: str, row: Row) -> None:
        value = self._value(row)
        if key in self._of:
            if self._of[key] == value:
                return
            self.drop(key)
        if value is not None:
            self._of[key] = value
            self._keys.setdefault(value, {})[key] = None

    def drop(self, key: str) -> None:
        value = self._of.pop(key, None)
        if value is not None:
            self._keys[value].pop(key, None)

    def keys(self, value: Any) -> list[str]:
        return list(self._keys.get(value, ()))

    def first(self, value: Any) -> str | None:
        return next(iter(self._keys.get(value, ())), None)


class Table:
    """Rows by key in the order they came, with indexes and a number for the next row."""

    def __init__(self, name: str, write: Callable[[str, str, Row | None], None], first: int) -> None:
        self.name = name
        self.rows: dict[str, Row] = {}
        self.changed: set[str] = set()
        self._write = write
        self._indexes: list[Index] = []
        self._next = first
        self.moves = 0

    def index(self, value: Callable[[Row], Any]) -> Index:
        fresh = Index(value)
        for key, row in self.rows.items():
            fresh.put(key, row)
        self._indexes.append(fresh)
        return fresh

    def new_key(self) -> str:
        self._next += 1
        return str(self._next)

    @property
    def last_key(self) -> str:
        """The highest number given so far: kept, so that a number is never given twice."""
        return str(self._next)

    def put(self, key: str, row: Row) -> Row:
        self._write(self.name, key, row)
        self.keep(key, row)
        return row

    def change(self, key: str, **fields: Any) -> Row:
        return self.put(key, {**self.rows[key], **fields})

    def delete(self, key: str) -> None:
        self._write(self.name, key, None)
        self.forget(key)

    def keep(self, key: str, row: Row) -> None:
        self.rows[key] = row
        self.changed.add(key)
        self.moves += 1
        if key.isdecimal():
            self._next = max(self._next, int(key))
        for index in self._indexes:
            index.put(key, row)

    def forget(self, key: str) -> None:
        there = self.rows.pop(key, None)
        if key.isdecimal():
            self._next = max(self._next, int(key))
        if there is None:
            return  # the number that a compacted file keeps, for one: nothing changed
        self.changed.add(key)
        self.moves += 1
        for index in self._indexes:
            index.drop(key)

    def get(self, key: str | None) -> Row | None:
        return self.rows.get(key) if key is not None else None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())


class Ledger:
    """Every table of the sandbox, and the file that brings them back."""

    def __init__(self, path: Path | None = None) -> None:
        self.tables: dict[str, Table] = {}
        self._lines: list[bytes] = []
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = self._replay(path) if path.exists() else 0
            if whole > COMPACT_ABOVE:
                whole = self._compact(path)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.ftruncate(self._file, whole)

    def table(self, name: str, first: int = 0) -> Table:
        if name not in self.tables:
            self.tables[name] = Table(name, self._write, first)
        return self.tables[name]

    def flush(self) -> None:
        """Hand what changed to the operating system: call it before an answer leaves."""
        if self._lines and self._file is not None:
            data = b"".join(self._lines)
            while data:
                data = data[os.write(self._file, data) :]
        self._lines.clear()

    def close(self) -> None:
        self.flush()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, table: str, key: str, row: Row | None) -> None:
        if self._file is not None:
            self._lines.append(orjson.dumps([table, key, row]) + b"\n")

    def _compact(self, path: Path) -> int:
        """Rewrite the file with the present rows alone, so that it does not grow with every start; its size."""
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            for name, table in self.tables.items():
                file.write(orjson.dumps([name, table.last_key, None]) + b"\n")
                file.writelines(orjson.dumps([name, key, row]) + b"\n" for key, row in table.rows.items())
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        return path.stat().st_size

    def _replay(self, path: Path) -> int:
        """Bytes of whole lines: a last line that a kill cut short is left out and overwritten."""
        whole = 0
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                name, key, row = orjson.loads(line)
                table = self.table(name)
                if row is None:
                    table.forget(key)
                else:
                    table.keep(key, row)
                whole += len(line)
        return whole
