"""Threads: one does all while it keeps up, others help when it hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from grange.worker.crew import Crew

pytestmark = pytest.mark.anyio


class Board:
    """What was done, and by whom."""

    def __init__(self) -> None:
        self.results: list[object] = []
        self.faults: list[Exception] = []
        self._news = asyncio.Event()

    def note(self, result: object) -> None:
        self.results.append(result)
        self._news.set()

    def fail(self, fault: Exception) -> None:
        self.faults.append(fault)
        self._news.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.results) + len(self.faults) < count:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def board() -> Board:
    return Board()


@pytest.fixture
async def crew(board: Board) -> AsyncIterator[Crew]:
    crew = Crew(asyncio.get_running_loop(), board.fail)
    yield crew
    crew.close()


async def test_results_come_back_to_the_loop_in_order(crew: Crew, board: Board) -> None:
    for number in range(100):
        crew.do(lambda number=number: number, board.note)  # type: ignore[misc]  # a default
    await board.until(100)
    assert board.results == list(range(100))


async def test_one_thread_does_quick_work(crew: Crew, board: Board) -> None:
    for _ in range(50):
        crew.do(threading.get_ident, board.note)
    await board.until(50)
    assert len(set(board.results)) == 1
    assert threading.get_ident() not in board.results


async def test_work_that_hangs_does_not_hold_up_the_rest(crew: Crew, board: Board) -> None:
    release = threading.Event()
    for _ in range(5):
        crew.do(release.wait, board.note)
    crew.do(lambda: "quick", board.note)
    await board.until(1)
    assert board.results == ["quick"]
    release.set()
    await board.until(6)


async def test_a_fault_is_told_and_the_rest_goes_on(crew: Crew, board: Board) -> None:
    crew.do(lambda: 1 // 0, board.note)
    crew.do(lambda: "fine", board.note)
    await board.until(2)
    assert [type(fault) for fault in board.faults] == [ZeroDivisionError]
    assert board.results == ["fine"]
