"""The files of one source: which content each of them carries, who follows it, and how far it has been read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeVar

from collectors.tailing.content import Compressed, Damaged, Plain, is_compressed, is_foreign, opened, same_start
from collectors.tailing.cutting import cutting
from collectors.tailing.ledger import Ledger
from collectors.tailing.listing import Found, files_of, folder_fault
from collectors.tailing.log_rows import LogRows
from collectors.tailing.place import SEEN, Place, family
from collectors.tailing.tail import SHOWS, Patience, Replaced, Tail
from models.catalogue.logs import LogSource
from models.domain.clock import Clock

_HANDLES = 100
_DAMAGED_SECONDS = 60.0  # a compressed file that ends early may still be written
_KEPT_SECONDS = 7 * 86_400.0  # how long a place outlives the last file that carried its content
_SHOWN = 3  # faults at once
Content = Plain | Compressed
T = TypeVar("T")
Rule = Callable[[Found, Content, float], bool]


class Watch:
    """Scans for files and reads them. What it read is in `rows` and in the ledger's places, at once.

    `now` is monotonic seconds, throughout; `clock` is wall time.
    """

    def __init__(self, source: LogSource, ledger: Ledger, rows: LogRows, clock: Clock, patience: Patience) -> None:
        self._source, self._ledger, self._rows = source, ledger, rows
        self._clock, self._patience = clock, patience
        self._cut = cutting(source)
        self._tails: dict[int, Tail] = {}
        self._judged: dict[str, tuple[object, int | None]] = {}  # files that are not read, and the place they carry
        self._owed: dict[int, Tail] = {}  # contents that are gone, and what had been seen of their end
        self._resting: dict[str, tuple[object, float]] = {}  # compressed files, and since when nobody writes to them
        self._present: set[int] = set()
        self._free: list[tuple[int, Place]] = []
        self._absent: dict[int, float] = {}
        self._met: dict[str, str] = {}  # faults of reading since the last scan
        self._faults: dict[str, str] = {}
        self.fault: str | None = None

    def close(self) -> None:
        for tail in self._tails.values():
            tail.content.close()

    def scan(self, now: float) -> None:
        """Look which files are there, and for what each was known before; `fault` says which cannot be read."""
        self._faults = self._met | {one: why for one in self._source.files if (why := folder_fault(one))}
        self._met = {}
        for key, tail in list(self._tails.items()):
            self._guarded(key, tail.check)
        there = files_of(self._source.files, {place.family for _, place in self._places()})
        self._present, unknown = set(), []
        nodes = {tail.content.node: key for key, tail in self._tails.items() if tail.content.node[1]}
        for found in there:
            if found.node in nodes:
                self._named(nodes[found.node], found)
            else:
                unknown.append(found)
        self._take_up(unknown, now)
        self._let_go(now)
        self._pay()
        self._forget({found.path for found in there}, now)
        self._park()
        said = [f"{name}: {why}" for name, why in sorted(self._faults.items())]
        more = [f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
        self.fault = "; ".join([*said[:_SHOWN], *more]) or None

    def read(self, now: float, room: int) -> int:
        """Read on, until there are so many records or KiB, or nothing more; how many there are of what is more."""
        count = 0
        while count < room and (more := self._read_round(now, room - count)):
            count += more
        return count

    def _read_round(self, now: float, room: int) -> int:
        """A block of each file, in turn."""
        count = 0
        for key, tail in list(self._tails.items()):
            if count >= room:
                break
            count += self._guarded(key, partial(self._read, key, tail, now)) or 0
            if key in self._tails:  # at the end of the line, so that each file has its turn
                self._tails[key] = self._tails.pop(key)
        return count

    def _read(self, key: int, tail: Tail, now: float) -> int:
        offset, pieces = tail.read(now, self._patience)
        taken = tail.place.offset - offset
        if tail.place is not self._ledger.places[key]:
            self._ledger.places[key] = tail.place
        if pieces:
            self._rows.add(tail.content.path, offset, pieces, self._clock.now())
        if tail.ended and isinstance(tail.content, Compressed):
            self._finish(tail.content.path)
            self._end(key, tail)
        return max(len(pieces), -(-taken // 1024))  # long records take memory, skipped ones time

    def _guarded(self, key: int, work: Callable[[], T]) -> T | None:
        """Do it; a content that is gone or cannot be read is followed no longer, and found again if it is there."""
        tail = self._tails[key]
        try:
            return work()
        except Replaced:
            tail.place = self._ledger.places[key] = replace(tail.place, deleted=True)
            self._owed[key] = tail
        except (OSError, Damaged) as error:
            self._met[tail.content.path] = str(error)
        self._end(key, tail)
        return None

    def _end(self, key: int, tail: Tail) -> None:
        tail.content.close()
        del self._tails[key]
        if not self._ledger.places[key].offset:
            del self._ledger.places[key]
        self._judged.clear()  # what was taken for a copy may carry the content from now on

    def _places(self) -> Iterator[tuple[int, Place]]:
        return ((key, place) for key, place in list(self._ledger.places.items()) if place.source == self._source.name)

    def _homeless(self) -> Iterator[tuple[int, Place]]:
        """Places that no file is known to carry, the furthest first."""
        return ((key, place) for key, place in self._free if key not in self._tails)

    def _named(self, key: int, found: Found) -> None:
        tail = self._tails[key]
        self._present.add(key)
        if tail.content.path != found.path:
            tail.rotated, tail.content.path = True, found.path
            tail.place = replace(tail.place, path=found.path)

    def _take_up(self, there: list[Found], now: float) -> None:
        """Give each file that nobody follows to a place that is known, or to a new one. Of two new ones the longer is
        the original: a copy may not have been written to its end.
        """
        free = [(key, place) for key, place in self._places() if key not in self._tails and place.carries]
        self._free = sorted(free, key=lambda one: -one[1].offset)
        left = [found for found in there if self._judged.get(found.path, (None,))[0] != found.signature]
        plain = sorted((one for one in left if not is_compressed(one.path)), key=lambda one: -one.size)
        for rule in (self._same_name, self._other_name, self._still_copy, self._fresh):
            plain = [found for found in plain if not self._applied(found, rule, now)]
        for found in left:
            if is_compressed(found.path) and not self._is_finished(found) and self._rests(found, now):
                self._applied(found, self._whole, now)

    def _applied(self, found: Found, rule: Rule, now: float) -> bool:
        """Whether the rule settled what becomes of a file, as far as that can be read."""
        try:
            return self._settled(found, rule, now)
        except FileNotFoundError:
            return True  # renamed meanwhile: the next scan sees it
        except OSError as error:
            self._faults[found.path] = error.strerror or str(error)
            return True

    def _settled(self, found: Found, rule: Rule, now: float) -> bool:
        if is_foreign(found.path):
            self._refuse(found, "compressed", "files packed like this are not read: give .gz, .bz2, .xz or plain ones")
            return True
        content = opened(found.path)
        try:
            return rule(found, content, now)
        except Damaged as error:
            self._wait(found, error, now)
            return True
        finally:
            if not any(tail.content is content for tail in self._tails.values()):
                content.close()

    def _same_name(self, found: Found, content: Content, now: float) -> bool:
        """It was here before: since the last start, or its mount has given it another inode."""
        for key, place in self._homeless():
            here = found.path == place.path or found.node == (place.device, place.inode)
            if here and not place.deleted and place.is_of(content):
                return self._follow(key, place, found, content, now)
        for key, tail in self._tails.items():
            if tail.content.path == found.path and self._is_same(content, tail):
                tail.content.close()
                tail.content = content
                self._present.add(key)
                return True
        return False

    def _is_same(self, content: Content, tail: Tail) -> bool:
        mine = tail.content
        return not mine.deleted() and content.size() >= mine.size() and same_start(content, mine)

    def _other_name(self, found: Found, content: Content, now: float) -> bool:
        """It was elsewhere before: renamed, moved, copied or compressed. What is short must lie beside, by its name."""
        for key, place in self._homeless():
            near = place.family == family(found.path) and not (place.deleted and place.path == found.path)
            if (near or place.offset >= SEEN) and place.is_of(content):
                return self._follow(key, place, found, content, now)
        return False

    def _fresh(self, found: Found, content: Content, now: float) -> bool:
        """Nothing of it was seen before, unless it is a copy, perhaps half written, of what is followed."""
        place = Place(self._source.name, found.path, *found.node)
        if (original := self._original(found, content)) is not None:
            self._judged[found.path] = (found.signature, self._note_copy(content, replace(place, copy_of=original)))
            return True
        if not found.listed:
            self._judged[found.path] = (found.signature, None)
            return True
        return self._follow(self._ledger.add(place), place, found, content, now)

    def _note_copy(self, content: Content, place: Place) -> int | None:
        """Remember a copy in place of what was known of it; of a short one any log may begin like it."""
        for key, before in self._places():
            if before.copy_of is not None and before.path == place.path:
                del self._ledger.places[key]
        return self._ledger.add(_whole_of(content, place)) if content.size() >= SEEN else None

    def _still_copy(self, found: Found, content: Content, now: float) -> bool:
        """It was a copy when its original was seen last, which had been read further than it reaches now."""
        for key, place in self._places():
            gone = place.copy_of is not None and place.copy_of not in self._tails
            original = self._ledger.places.get(place.copy_of or 0) if gone else None
            near = place.family == family(found.path)
            if original and near and content.size() <= original.offset and place.is_of(content):
                self._judged[found.path] = (found.signature, key)
                return True
        return False

    def _original(self, found: Found, content: Content) -> int | None:
        """The key of what a file is a copy of."""
        kin, start = family(found.path), content.read(0, SHOWS)
        alike = ((key, tail) for key, tail in self._tails.items() if tail.begins_like(start))
        near = ((key, tail) for key, tail in alike if tail.place.family == kin)
        return next((key for key, tail in near if self._is_copy_of(tail, found, content)), None)

    def _is_copy_of(self, tail: Tail, found: Found, content: Content) -> bool:
        again = tail.content.path == found.path and tail.content.deleted()  # written anew under the old name
        return not again and tail.content.size() >= content.size() and same_start(content, tail.content)

    def _whole(self, found: Found, content: Content, now: float) -> bool:
        """A compressed file, once it is whole."""
        content.size()
        rules = (self._other_name, self._still_copy, self._fresh)
        return any(rule(found, content, now) for rule in rules)

    def _follow(self, key: int, place: Place, found: Found, content: Content, now: float) -> bool:
        device, inode = found.node
        here = replace(place, path=found.path, device=device, inode=inode, deleted=False)
        self._owed.pop(key, None)
        self._present.add(key)
        self._tails[key] = tail = Tail(here, content, self._cut, self._source.line_bytes, now)
        tail.rotated = place.path != found.path
        return True

    def _is_finished(self, found: Found) -> bool:
        """Whether this compressed file has been read to its end."""
        for key, place in self._places():
            if place.raw and place.offset == found.size:
                try:
                    file = Plain(found.path)
                except OSError:
                    return False
                same = place.is_of(file)
                file.close()
                if same:
                    self._judged[found.path] = (found.signature, key)
                    return True
        return False

    def _finish(self, path: str) -> None:
        """Note a file, as it lies there, as read to its end."""
        file = Plain(path)
        self._ledger.add(_whole_of(file, Place(self._source.name, path, *file.node, raw=True)))
        file.close()

    def _rests(self, found: Found, now: float) -> bool:
        """Whether nobody has written to a compressed file since the last scan."""
        signature, since = self._resting.get(found.path, (None, now))
        self._resting[found.path] = (found.signature, since if signature == found.signature else now)
        return signature == found.signature

    def _wait(self, found: Found, error: Damaged, now: float) -> None:
        if now - self._resting[found.path][1] >= _DAMAGED_SECONDS:
            self._refuse(found, "damaged", f"the file cannot be read to its end: {error}")

    def _refuse(self, found: Found, code: str, reason: str) -> None:
        """Put a whole file aside, once."""
        if not self._is_finished(found):
            self._rows.refuse(found.path, 0, b"", found.size, code, reason, self._clock.now())
            self._finish(found.path)
            self._judged[found.path] = (found.signature, None)

    def _let_go(self, now: float) -> None:
        """Read what has lost its name to its end, then close it."""
        for key, tail in list(self._tails.items()):
            if key in self._present:
                continue
            tail.rotated = True
            if tail.ended and now - tail.quiet_since >= self._patience.rotated:
                self._ledger.places[key] = replace(tail.place, deleted=tail.content.deleted())
                self._end(key, tail)

    def _pay(self) -> None:
        """Of a content that is gone for good, what had been seen is read: the end of a record nobody saw is lost."""
        for key, tail in self._owed.items():
            if any(tail.is_start_of(other.content) for other in self._tails.values()):
                continue  # its copy is followed
            offset, pieces, whole = tail.rest()
            self._rows.add(tail.content.path, offset, pieces, self._clock.now())
            if whole:
                self._ledger.places[key] = tail.place
        self._owed.clear()

    def _forget(self, there: set[str], now: float) -> None:
        """Let go of places that no file has carried for a week."""
        self._resting = {path: held for path, held in self._resting.items() if path in there}
        self._judged = {path: held for path, held in self._judged.items() if path in there}
        carried = {*self._tails, *(key for _, key in self._judged.values())}
        self._absent = {key: self._absent.get(key, now) for key, _ in self._places() if key not in carried}
        for key, since in self._absent.items():
            if now - since >= _KEPT_SECONDS:
                del self._ledger.places[key]

    def _park(self) -> None:
        """Keep handles of the files that were written last."""
        quiet = sorted(self._tails.values(), key=lambda tail: -tail.quiet_since)
        for tail in quiet[_HANDLES:]:
            tail.content.park()


def _whole_of(content: Content, place: Place) -> Place:
    """The place at the end of a content."""
    size = content.size()
    count = min(size, SEEN)
    return place.moved(content.read(0, count), content.read(size - count, count), size)
