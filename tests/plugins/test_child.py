"""A process that looks at foreign pictures may do what it likes: it stays bounded and alone."""

from __future__ import annotations

import time

import pytest

from grange.plugins.pictures.child import Child, ChildLost
from grange.worker import procfs

PATIENCE_S = 60.0  # generous: the machine may be busy
SAID_MAX = 10_000
CONFINED = (
    "from grange.plugins.pictures.child import confine; confine(memory_max={}, seconds={})\n"
)
SLEEPER = "import subprocess, sys; p = subprocess.Popen(['sleep', '1000'], stdout={})\n"


def a_child(code: str) -> Child:
    """One that executes some Python; a module of Python's own does it."""
    return Child("timeit", ("-n", "1", "-r", "1", code))


def hear(code: str, seconds: float = PATIENCE_S) -> bytes:
    return a_child(code).hear(seconds, SAID_MAX)


def is_gone(pid: int) -> bool:
    found = procfs.process(pid)
    return found is None or found.state == "Z"


def await_gone(pid: int) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not is_gone(pid):
        assert time.monotonic() < give_up


def test_what_it_says_is_heard_when_it_has_ended() -> None:
    assert hear("print('hello')").startswith(b"hello\n")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print('x' * 1_000_000)", "it made what looked at it say too much"),
        ("import os; os._exit(3)", r"it broke what looked at it \(exit status 3\)"),
        ("import os; os.kill(os.getpid(), 11)", r"it broke what looked at it \(SIGSEGV\)"),
        (CONFINED.format(2**28, 60) + "bytearray(2**30)", r"looked at it \(exit status 1\)"),
    ],
)
def test_why_nothing_of_use_was_heard_is_told(code: str, why: str) -> None:
    with pytest.raises(ChildLost, match=why):
        hear(code)


@pytest.mark.slow
def test_one_that_computes_for_ever_is_ended_by_the_system() -> None:
    with pytest.raises(ChildLost, match=r"looked at it \((SIGKILL|SIGXCPU|SIGALRM)\)"):
        hear(CONFINED.format(2**30, 0.1) + "while True: pass")


def test_one_that_takes_too_long_is_ended() -> None:
    child = a_child("import time; time.sleep(1000)")
    with pytest.raises(ChildLost, match=r"it took longer than 0.1 s"):
        child.hear(0.1, SAID_MAX)
    assert not child.lives


def test_what_it_has_started_ends_with_it() -> None:
    said = hear(SLEEPER.format("subprocess.DEVNULL") + "print(p.pid)")
    await_gone(int(said.split()[0]))


@pytest.mark.slow
def test_what_it_has_started_and_left_its_voice_to_is_not_waited_for() -> None:
    child = a_child(SLEEPER.format("sys.stdout") + "print(p.pid)")
    with pytest.raises(ChildLost, match="it took longer"):
        child.hear(2.0, SAID_MAX)
    assert not child.lives


def test_it_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANGE_TOKEN", "secret")
    said = hear("import os; print([name for name in os.environ if name.startswith('GRANGE')])")
    assert said.startswith(b"[]\n")
