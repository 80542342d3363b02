"""Verification of the log of seals: its chain, its tree under every signed checkpoint, and what the witness keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.lake.breach import Report
from models.lake.canonical import FIRST, Seal, seals_from
from models.lake.merkle import Frontier
from models.lake.signing import BadNote, Checkpoint, opened
from models.lake.steady import steady_table

PAGE = 20_000


class Log:
    """Follows the log of seals page by page and compares it with the checkpoints."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        report: Report,
        key: Ed25519PublicKey | None,
        remembered: Sequence[str],
    ) -> None:
        self._connection, self._report, self._key = connection, report, key
        self._tree = Frontier()
        self._chains: dict[str, str] = {}
        self._last = 0
        self._good = 0
        self._due = sorted(self._checkpoints(remembered), key=lambda one: one[0].size)
        self._bound = self._newest()

    def pages(self) -> Iterator[list[Seal]]:
        """The seals that were there when this began, in order of (batch_id, table_name), each checked as it goes by."""
        while self._last < self._bound:
            page = self._page()
            for seal in page:
                self._follow(seal)
            if page:
                yield page
            else:
                break
        self._check_tail()

    def _page(self) -> list[Seal]:
        # Whole batches only: the table has one seal per table and batch, so the page after begins at the next batch.
        rows = steady_table(
            self._connection,
            "SELECT * FROM lake.main.seals WHERE batch_id > $1 AND batch_id <= $2 "
            "ORDER BY batch_id, table_name LIMIT $3",
            [self._last, self._bound, PAGE],
        )
        seals = seals_from(rows.to_pylist())
        if len(seals) == PAGE:
            cut = seals[-1].batch_id
            seals = [seal for seal in seals if seal.batch_id < cut] or seals
        return seals

    def _follow(self, seal: Seal) -> None:
        if seal.batch_id > self._last + 1:
            self._report.add(
                self._last + 1,
                "seals",
                f"batches {self._last + 1} to {seal.batch_id - 1} have no seal: they were removed",
            )
        previous = self._chains.get(seal.writer, FIRST)
        if seal.previous != previous:
            self._report.add(
                seal.batch_id,
                seal.table_name,
                f"the chain of writer {seal.writer} breaks here: a seal before it was altered, removed or reordered",
            )
        digest = seal.digest
        self._chains[seal.writer] = digest.hex()
        self._pass_checkpoints(seal.batch_id)
        self._tree.append(digest)
        self._last = seal.batch_id

    def _pass_checkpoints(self, coming: int | None) -> None:
        """Compare every checkpoint whose seals are all in the tree now."""
        while self._due and self._due[0][0].size <= self._tree.size:
            checkpoint, source = self._due.pop(0)
            if checkpoint.size < self._tree.size or checkpoint.root != self._tree.root():
                self._report.add(
                    min(self._good + 1, checkpoint.last_batch),
                    "seals",
                    f"history was rewritten: between batch {self._good + 1} and {checkpoint.last_batch} the seals "
                    f"differ from the checkpoint signed {checkpoint.signed_at.isoformat()} ({source})",
                )
            else:
                self._good = checkpoint.last_batch

    def _check_tail(self) -> None:
        self._pass_checkpoints(None)
        for checkpoint, source in self._due:
            self._report.add(
                self._last + 1,
                "seals",
                f"batches {self._last + 1} to {checkpoint.last_batch} are gone: a checkpoint "
                f"signed {checkpoint.signed_at.isoformat()} ({source}) "
                f"covers {checkpoint.size} seals, the lake has {self._tree.size}",
            )

    def _newest(self) -> int:
        (newest,) = (
            steady_table(self._connection, "SELECT max(batch_id) AS newest FROM lake.main.seals")
            .column("newest")
            .to_pylist()
        )
        return int(newest or 0)

    def _checkpoints(self, remembered: Sequence[str]) -> list[tuple[Checkpoint, str]]:
        """Checkpoints of the lake and the witness. Read before the seals: a checkpoint never runs ahead of them."""
        found: list[tuple[Checkpoint, str]] = []
        own = self._own_notes()
        for note, source in [
            *((note, "in the lake") for note in own),
            *((note, "at the witness") for note in remembered),
        ]:
            checkpoint = self._opened(note, source)
            if checkpoint is not None:
                found.append((checkpoint, source))
                if source == "at the witness" and note not in own:
                    self._report.add(
                        checkpoint.last_batch,
                        "checkpoints",
                        f"the checkpoint over {checkpoint.size} seals that the witness keeps was removed from the lake",
                    )
        self._report.checkpoints = len(own)
        return found

    def _own_notes(self) -> list[str]:
        try:
            notes: list[str] = (
                steady_table(self._connection, "SELECT note FROM lake.main.checkpoints ORDER BY size")
                .column("note")
                .to_pylist()
            )
        except duckdb.Error as error:
            self._report.add(None, "checkpoints", f"cannot be read: {_first_line(error)}")
            return []
        return notes

    def _opened(self, note: str, source: str) -> Checkpoint | None:
        if self._key is None:
            self._report.add(
                None,
                "checkpoints",
                "keys/audit.pub is missing, so no signature can be checked: restore it from its copy",
            )
            return None
        try:
            return opened(note, self._key)
        except BadNote as error:
            self._report.add(None, "checkpoints", f"a checkpoint {source} does not hold: {error}")
            return None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
