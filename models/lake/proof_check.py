"""Checks an inclusion proof with nothing but Python: hand this one file to an auditor with the proof and the public
key.

    python proof_check.py proof.json "<verifier key from keys/audit.pub>"

A proof is JSON: `row` (the record's canonical bytes), `batch` (its place in its batch and the hashes up to the batch's
root), `seal` (the seal's bytes), `log` (the seal's place in the tree of seals and the hashes up to its root) and `note`
(the signed checkpoint). Row hash → batch root, which the seal names → tree root, which the note names → signature.
Hash tree: RFC 9162 section 2.1.3.2. Signature: RFC 8032 section 5.1.7. Note: C2SP signed-note.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from typing import Any


class NotProven(Exception):
    """The proof does not show what it claims; the message says which step fails."""


def check(proof: dict[str, Any], verifier_key: str) -> str:
    """The canonical row that is proven. Raises NotProven."""
    row, batch, log = str(proof["row"]), proof["batch"], proof["log"]
    seal = str(proof["seal"]).split("|")
    if seal[0] != "seal-v1" or len(seal) < 10:
        raise NotProven("the seal is not of a form this program knows")
    if row.split("|", 4)[:4] != ["v1", seal[3], seal[1], str(batch["index"])]:
        raise NotProven("the row says another table, batch or place than the proof")
    if int(seal[4]) != batch["size"] or _root(_leaf(row), batch).hex() != seal[6]:
        raise NotProven("the row is not in the sealed batch")
    size, root = _opened(str(proof["note"]), verifier_key)
    if size != log["size"] or _root(_leaf(str(proof["seal"])), log) != root:
        raise NotProven("the seal is not under the signed checkpoint")
    return row


def _leaf(text: str) -> bytes:
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def _root(hash_: bytes, place: dict[str, Any]) -> bytes:
    index, last = int(place["index"]), int(place["size"]) - 1
    if not 0 <= index <= last:
        raise NotProven("a place lies outside its tree")
    for sibling in map(bytes.fromhex, place["path"]):
        if last == 0:
            raise NotProven("a path is longer than its tree is high")
        if index & 1 or index == last:
            hash_ = hashlib.sha256(b"\x01" + sibling + hash_).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            hash_ = hashlib.sha256(b"\x01" + hash_ + sibling).digest()
        index, last = index >> 1, last >> 1
    if last != 0:
        raise NotProven("a path is shorter than its tree is high")
    return hash_


def _opened(note: str, verifier_key: str) -> tuple[int, bytes]:
    """The size and root of a note, once its signature holds."""
    name, _, encoded = verifier_key.strip().split("+", 2)
    key = base64.b64decode(encoded)
    text, _, signature = note.partition("\n\n— ")
    signer, _, blob = signature.strip().partition(" ")
    raw = base64.b64decode(blob)
    key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if signer != name or raw[:4] != key_id or not _signed(key[1:], (text + "\n").encode(), raw[4:]):
        raise NotProven("the checkpoint is not signed by this key")
    lines = text.split("\n")
    return int(lines[1]), base64.b64decode(lines[2])


_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_Point = tuple[int, int, int, int]


def _signed(key: bytes, message: bytes, signature: bytes) -> bool:
    point, commitment = _point(key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or point is None or commitment is None or scalar >= _ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _ORDER
    base = _point(int.to_bytes(4 * pow(5, -1, _P) % _P, 32, "little"))
    return base is not None and _equal(_times(scalar, base), _sum(commitment, _times(challenge, point)))


def _point(encoded: bytes) -> _Point | None:
    y, sign = int.from_bytes(encoded, "little") & (2**255 - 1), encoded[31] >> 7
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _sum(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _sum(total, point)
        point, scalar = _sum(point, point), scalar >> 1
    return total


def _equal(p: _Point, q: _Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % _P == 0 and (p[1] * q[2] - q[1] * p[2]) % _P == 0


def main() -> None:
    """Check the proof file named first with the key given second; exit 1 when it does not hold."""
    if len(sys.argv) != 3:
        sys.exit('give a proof and the key: python proof_check.py proof.json "<name>+<key id>+<base64>"')
    with open(sys.argv[1], encoding="utf-8") as file:
        proof = json.load(file)
    try:
        print("proven:", check(proof, sys.argv[2]))
    except NotProven as error:
        print("NOT PROVEN:", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
