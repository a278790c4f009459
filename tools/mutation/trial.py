"""Runs mutants: pytest collects once, each mutant is a fork of it."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Final, Literal

import pytest
from _pytest.runner import runtestprotocol

from tools.mutation.mutants import CORE, Mutant, module_of

Verdict = Literal["killed", "timeout", "survived", "untested"]

CPU_FACTOR: Final = 3  # times what the tests took when their calls were learnt
CPU_LEAST_S: Final = 5  # processor time for one mutant
FORK_S: Final = 0.02  # what a fork costs, about
MEMORY_MORE: Final = 1 << 30  # bytes that a mutant may take beyond what the tests have
KILLED: Final = 1  # exit status of a fork in which a test failed
NO_CHANGE: Final = 3  # exit status where the mutant could not be put in place

Calls = dict[tuple[str, str], set[int]]  # (module, function) -> tests that call it


class Bench:
    """The collected tests, and what they call.

    Attributes:
        items: the tests.
        seconds: of each test, on the unchanged code, slowed by learning what it calls.
        calls: which tests call a function.
        killers: test -> how many mutants it killed; the best of them are tried first.
        most_s: processor time of the tests that a mutant is given; the others are left out.
    """

    def __init__(self, items: Sequence[pytest.Item], most_s: float) -> None:
        self.items = items
        self.most_s = most_s
        self.seconds = [0.0] * len(items)
        self.calls: Calls = {}
        self.killers: Counter[int] = Counter()

    def learn(self) -> None:
        """Run all tests once on the unchanged code and note what they call.

        Raises:
            RuntimeError: a test fails without any mutant.
        """
        for number, item in enumerate(self.items):
            called: set[CodeType] = set()
            began = time.thread_time()
            with watched(called):
                failed = fails(item)
            if failed:
                raise RuntimeError(f"{item.nodeid} fails on the unchanged code")
            self.seconds[number] = time.thread_time() - began
            for code in called:
                key = (
                    module_of(Path(code.co_filename)),
                    code.co_qualname.partition(".<locals>")[0],
                )
                self.calls.setdefault(key, set()).add(number)
        gc.freeze()  # a fork that collects garbage copies what it looks at

    def tests_of(self, mutant: Mutant) -> list[int]:
        """Tests that call a mutant's function, in the order in which they are worth a try."""
        own = f"test_{mutant.module.partition('.')[0]}"
        calling = self.calls.get((mutant.module, mutant.function), set())

        def place(number: int) -> tuple[float, bool, float]:
            seconds = self.seconds[number]
            near = self.items[number].path.stem.startswith(own)
            return (-self.killers[number] / (seconds + FORK_S), not near, seconds)

        order = sorted(calling, key=place)
        sums = accumulate(self.seconds[number] for number in order)
        return [number for number, total in zip(order, sums, strict=True) if total <= self.most_s]

    def judge(self, mutant: Mutant) -> tuple[Verdict, str]:
        """Run a mutant in a fork. Says what became of it, and the test that killed it."""
        tests = self.tests_of(mutant)
        if not tests:
            return "untested", ""
        limit_s = CPU_LEAST_S + CPU_FACTOR * sum(self.seconds[number] for number in tests)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            in_fork(mutant, [self.items[number] for number in tests], limit_s, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            killer = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == NO_CHANGE:
            raise RuntimeError(f"{mutant.module}.{mutant.function} could not be changed: {killer}")
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return "timeout", ""
        if not code:
            return "survived", ""
        self.killers.update(number for number in tests if self.items[number].nodeid == killer)
        return "killed", killer


@contextlib.contextmanager
def watched(called: set[CodeType]) -> Iterator[None]:
    """Note which functions of the core are called."""
    folder = str(CORE)

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(folder):
            called.add(code)

    sys.settrace(note)
    try:
        yield
    finally:
        sys.settrace(None)


def fails(item: pytest.Item) -> bool:
    """Run one test with its fixtures."""
    reports = runtestprotocol(item, log=False, nextitem=None)
    return any(report.failed for report in reports)


def in_fork(mutant: Mutant, items: Iterable[pytest.Item], limit_s: float, writer: int) -> None:
    """Put a mutant in place, run tests until one fails, and leave the process."""
    status = 0
    try:
        bound(limit_s)
        put(mutant)
    except (AttributeError, KeyError, TypeError, ValueError, SyntaxError, StopIteration) as error:
        os.write(writer, repr(error).encode())
        os._exit(NO_CHANGE)
    try:
        for item in items:
            if fails(item):
                os.write(writer, item.nodeid.encode())
                status = KILLED
                break
    finally:
        os._exit(status or (KILLED if sys.exc_info()[0] else 0))


def bound(limit_s: float) -> None:
    """End this process when it takes too much time or memory."""
    seconds = int(limit_s) + 1
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MEMORY_MORE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def put(mutant: Mutant) -> None:
    """Give a function of the core its mutated code."""
    at: Any = importlib.import_module(f"grange.core.{mutant.module}")
    for name in mutant.function.split("."):
        at = vars(at)[name]
    if isinstance(at, property):
        at = at.fget
    if isinstance(at, classmethod | staticmethod):
        at = at.__func__
    if hasattr(at, "cache_clear"):
        at.cache_clear()
    while not isinstance(at, FunctionType):
        at = at.__wrapped__
    at.__code__ = with_cells(mutant.code(), at.__code__)


def with_cells(code: CodeType, present: CodeType) -> CodeType:
    """Code with the free variables of the present one (`__class__` of a method)."""
    if code.co_freevars != present.co_freevars:
        raise ValueError(f"free variables {code.co_freevars}, not {present.co_freevars}")
    return code


class Collected:
    """A plugin of pytest that does something with the collected tests in place of running them."""

    def __init__(self, work: Callable[[Sequence[pytest.Item]], None]) -> None:
        self.work = work

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        self.work(session.items)
        return True


def collect(tests: Sequence[str], work: Callable[[Sequence[pytest.Item]], None]) -> None:
    """Collect tests and hand them to some work, within the pytest session."""
    quiet = ("-q", "-p", "no:cacheprovider", "--timeout=0", "--assert=plain", "--tb=no")
    pytest.main([*quiet, *tests], plugins=[Collected(work)])
