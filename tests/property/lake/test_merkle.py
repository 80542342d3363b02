"""RFC 6962 trees, against pymerkle as the oracle."""

from __future__ import annotations

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lake import merkle

LEAVES = st.lists(st.binary(max_size=40), max_size=70)


def oracle(data: list[bytes]) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in data:
        tree.append_entry(entry)
    return tree


@pytest.mark.req("C5")
@given(LEAVES.filter(bool))
def test_roots_are_the_oracles(data: list[bytes]) -> None:
    hashes = [merkle.leaf(entry) for entry in data]
    expected = oracle(data).get_root()
    assert merkle.root(hashes) == expected
    frontier = merkle.Frontier()
    for hash_ in hashes:
        frontier.append(hash_)
    assert (frontier.size, frontier.root()) == (len(data), expected)


def test_the_empty_tree_is_the_standards() -> None:
    assert merkle.root([]) == merkle.Frontier().root() == merkle.EMPTY
    assert merkle.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(LEAVES.filter(bool), st.data())
def test_a_path_leads_to_the_root_and_is_the_oracles(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    hashes = [merkle.leaf(entry) for entry in data]
    siblings = merkle.path(index, hashes)
    assert merkle.root_from_path(hashes[index], index, len(data), siblings) == oracle(data).get_root()
    proof = oracle(data).prove_inclusion(index + 1)
    assert {bytes(one) for one in siblings} <= {bytes(one) for one in proof.path}


@given(LEAVES.filter(lambda data: len(data) > 1), st.data())
def test_another_leaf_or_a_cut_path_leads_elsewhere(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    hashes = [merkle.leaf(entry) for entry in data]
    siblings = merkle.path(index, hashes)
    root = merkle.root(hashes)
    assert (
        merkle.root_from_path(
            merkle.leaf(b"forged, longer than any drawn leaf could be: 012345"), index, len(data), siblings
        )
        != root
    )
    assert merkle.root_from_path(hashes[index], index, len(data), siblings[:-1]) != root
    assert merkle.root_from_path(hashes[index], index, len(data), [*siblings, root]) is None
    assert merkle.root_from_path(hashes[index], len(data), len(data), siblings) is None


@given(LEAVES, LEAVES.filter(bool), st.data())
def test_a_path_beyond_a_frontier_is_the_whole_trees(old: list[bytes], new: list[bytes], draw: st.DataObject) -> None:
    hashes = [merkle.leaf(entry) for entry in [*old, *new]]
    known = merkle.Frontier()
    for hash_ in hashes[: len(old)]:
        known.append(hash_)
    index = draw.draw(st.integers(len(old), len(hashes) - 1))
    assert merkle.path_beyond(index, known, hashes[len(old) :]) == merkle.path(index, hashes)


@given(st.integers(0, 70), st.integers(0, 8))
def test_a_frontier_of_the_wrong_shape_is_refused(size: int, nodes: int) -> None:
    if nodes == size.bit_count():
        merkle.Frontier(size, [merkle.EMPTY] * nodes)
    else:
        with pytest.raises(ValueError, match="perfect subtrees"):
            merkle.Frontier(size, [merkle.EMPTY] * nodes)
