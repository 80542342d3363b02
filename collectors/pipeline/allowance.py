"""How much refused input is kept: enough to mend every sender, too little for a flood of it to fill the lake."""

from __future__ import annotations

KEPT_A_MINUTE = 60
KEPT_BYTES_A_MINUTE = 8 << 20
_MINUTE_US = 60_000_000


class Allowance:
    """At most `most` bodies of `most_bytes` together are kept a minute; the others are counted.

    One thread; times are µs since 1970.
    """

    def __init__(self, most: int = KEPT_A_MINUTE, most_bytes: int = KEPT_BYTES_A_MINUTE) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._minute, self._kept, self._bytes, self._missed = 0, 0, 0, 0

    def take(self, now_us: int, size: int = 0) -> bool:
        """Whether one more body of `size` bytes may be kept; a refused one is counted."""
        self._turn(now_us)
        if self._kept >= self._most or self._bytes + size > self._most_bytes:
            self._missed += 1
            return False
        self._kept += 1
        self._bytes += size
        return True

    def missed(self, now_us: int) -> int:
        """How many bodies of minutes that are over were not kept and are not on record yet."""
        return self._missed if now_us // _MINUTE_US != self._minute else 0

    @property
    def unrecorded(self) -> int:
        """How many bodies were not kept and are not on record, those of the present minute too."""
        return self._missed

    def recorded(self, count: int) -> None:
        """`count` of the missed are on record now."""
        self._missed -= count

    def _turn(self, now_us: int) -> None:
        if now_us // _MINUTE_US != self._minute:
            self._minute, self._kept, self._bytes = now_us // _MINUTE_US, 0, 0
