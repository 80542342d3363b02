"""RFC 6962 hash trees over SHA-256: root, inclusion path, its check, and a tree that grows without keeping its leaves.

Hashes are 32 bytes. A leaf hash is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right), the empty tree SHA-256 of
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    """The leaf hash of `data` (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree's root over leaf hashes. Level by level, an odd last node moving up, gives the recursive definition's
    tree.
    """
    level = list(leaves)
    if not level:
        return EMPTY
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The sibling hashes that prove leaf `index`, lowest first (RFC 9162 section 2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of a tree of {len(leaves)}")
    level, siblings = list(leaves), []
    while len(level) > 1:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        level, index = _above(level), index >> 1
    return siblings


def root_from_path(hash_: bytes, index: int, size: int, siblings: Iterable[bytes]) -> bytes | None:
    """The root that `siblings` lead to, or None when the path does not fit (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    last = size - 1
    for sibling in siblings:
        if last == 0:
            return None
        if index & 1 or index == last:
            hash_ = node(sibling, hash_)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            hash_ = node(hash_, sibling)
        index, last = index >> 1, last >> 1
    return hash_ if last == 0 else None


class Frontier:
    """A growing tree that keeps only its log2(size) perfect subtrees; `nodes` are those, largest first."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size, self.nodes = size, list(nodes)
        if len(self.nodes) != size.bit_count():
            raise ValueError(f"a tree of {size} has {size.bit_count()} perfect subtrees, not {len(self.nodes)}")

    def append(self, hash_: bytes) -> None:
        """Add a leaf hash at the end."""
        filled = self.size
        while filled & 1:
            hash_, filled = node(self.nodes.pop(), hash_), filled >> 1
        self.nodes.append(hash_)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.nodes:
            return EMPTY
        hash_ = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            hash_ = node(left, hash_)
        return hash_


def path_beyond(index: int, known: Frontier, later: Sequence[bytes]) -> list[bytes]:
    """The path of leaf `index` in the tree of `known` grown by `later`, where `index` is one of the later leaves.

    What lies left of `known.size` is needed only as whole perfect subtrees, which `known` has: old leaves stay unread.
    """
    if not 0 <= index - known.size < len(later):
        raise IndexError(f"leaf {index} is not among {known.size} to {known.size + len(later) - 1}")
    subtrees: dict[tuple[int, int], bytes] = {}
    start = 0
    for hash_ in known.nodes:
        width = 1 << ((known.size - start).bit_length() - 1)
        subtrees[start, start + width] = hash_
        start += width

    def hashed(low: int, high: int) -> bytes:
        if (low, high) in subtrees:
            return subtrees[low, high]
        if high - low == 1:
            return later[low - known.size]
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        return node(hashed(low, middle), hashed(middle, high))

    siblings: list[bytes] = []
    low, high = 0, known.size + len(later)
    while high - low > 1:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if index < middle:
            siblings.append(hashed(middle, high))
            high = middle
        else:
            siblings.append(hashed(low, middle))
            low = middle
    return siblings[::-1]


def _above(level: list[bytes]) -> list[bytes]:
    above = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
    if len(level) & 1:
        above.append(level[-1])
    return above
