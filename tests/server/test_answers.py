"""Ready answers: bounded, forgotten when they must be, given a second chance."""

from __future__ import annotations

import random

from tests.server.served import address
from tuilerie.server.answers import ENTRY_OVERHEAD, Answer, ReadyAnswers
from tuilerie.server.metrics import TileCount


def answer(size: int = 100, col: int = 0) -> Answer:
    return Answer(address(col, 0), b"h", b"b" * size, "00", 0, 1e12, TileCount())


def true_size(answers: ReadyAnswers) -> int:
    return sum(
        len(line) + len(kept.head) + len(kept.body) + ENTRY_OVERHEAD
        for line, kept in answers.by_line.items()
    )


def test_the_bound_is_kept_whatever_comes() -> None:
    """The memory of a busy server would grow without end."""
    generator = random.Random(1)
    answers = ReadyAnswers(200_000)
    for _ in range(3000):
        line = b"%d" % generator.randrange(200)
        match generator.randrange(4):
            case 0:
                answers.discard(line)
            case 1 if line in answers.by_line:
                answers.by_line[line].used = True
            case _:
                answers.put(line, answer(generator.randrange(20_000)))
        assert answers.size == true_size(answers) <= 200_000
    assert answers.evicted > 0


def test_what_is_asked_for_stays_when_room_is_needed() -> None:
    """A flood of tiles that are asked for once would drive out those that everybody wants."""
    answers = ReadyAnswers(100_000)
    answers.put(b"popular", answer())
    for number in range(1000):
        answers.by_line[b"popular"].used = True
        answers.put(b"%d" % number, answer(1000))
    assert b"popular" in answers.by_line
    assert b"0" not in answers.by_line


def test_an_answer_too_large_for_the_room_is_not_kept() -> None:
    """One huge tile would empty the memory of all others."""
    answers = ReadyAnswers(100_000)
    answers.put(b"line", answer(20_000))
    assert not answers.by_line
    assert answers.size == 0
    nothing = ReadyAnswers(0)
    nothing.put(b"line", answer(1))
    assert not nothing.by_line


def test_a_tile_is_forgotten_under_every_name() -> None:
    """A removed tile would still be given to those who spell its address otherwise."""
    answers = ReadyAnswers(100_000)
    for line, col in ((b"rest", 1), (b"kvp", 1), (b"other", 2)):
        answers.put(line, answer(col=col))
    assert answers.forget({address(1, 0)}) == 2
    assert list(answers.by_line) == [b"other"]
    answers.clear()
    assert answers.size == 0
