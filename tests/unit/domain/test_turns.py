"""A thread of turns: one after another, until it is told to end or has nothing more to do."""

from __future__ import annotations

import threading

from models.turns import Turns


def test_turns_come_until_they_are_told_to_end_and_then_the_last_is_done() -> None:
    thrice, done = threading.Semaphore(0), list[str]()

    def turn() -> float:
        done.append("turn")
        thrice.release()
        return 0.0 if len(done) < 3 else 60.0

    turns = Turns("t", turn, lambda: done.append("last"))
    turns.start()
    assert all(thrice.acquire(timeout=10) for _ in range(3))
    assert turns.going_on()
    turns.stop(10)
    assert done == ["turn"] * 3 + ["last"] and not turns.going_on()


def test_a_turn_that_answers_nothing_is_the_last() -> None:
    ended = threading.Event()
    turns = Turns("t", lambda: None, ended.set)
    turns.start()
    assert ended.wait(10)
    turns.stop(10)


def test_one_that_was_stopped_before_it_began_takes_no_turn() -> None:
    done = list[str]()
    turns = Turns("t", lambda: done.append("turn"), lambda: done.append("last"))
    turns._ending.set()
    turns.start()
    turns.stop(10)
    assert done == ["last"]
