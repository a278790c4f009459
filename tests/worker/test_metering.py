"""What a run used is counted of its whole process tree, with real processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.worker.kennel import Kennel, eventually, exists

TAKE_300_MB = "x = [7] * 40_000_000"  # of 8 bytes, and no quotation marks
WRITE_9_MB = "import os; f = open('file', 'wb'); f.write(b'x' * 9_000_000); f.flush(); os.fsync(f)"
#: Writes a file and lets the system forget it, so that it comes from the disk again.
READ_9_MB = f"""{WRITE_9_MB}
os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
open("file", "rb", 0).read()
"""
#: Starts a child that nobody will ever wait for, so that no sum has it.
FORGETFUL = f"""
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    {WRITE_9_MB}
    print("written", flush=True)
    while not os.path.exists("go"): time.sleep(0.01)
    os._exit(0)
while not os.path.exists("go"): time.sleep(0.01)
time.sleep(0.1)
"""
#: Three children that share what their parent has.
SHARING = """
import os, time
x = bytearray(b"x") * 220_000_000
for _ in range(3):
    if os.fork() == 0: time.sleep(1000)
print("forked", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def kennel() -> Iterator[Kennel]:
    with Kennel() as kennel:
        yield kennel


def python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", script)


def test_a_child_that_lived_between_two_samples_counts(kennel: Kennel) -> None:
    kennel.spawn(1, f'{sys.executable} -I -c "{TAKE_300_MB}"; true')
    assert 300 <= kennel.gone(1).peak_memory_mb < 500


def test_a_daemon_that_forked_twice_counts(kennel: Kennel, tmp_path: Path) -> None:
    line = f'{sys.executable} -I -c "{TAKE_300_MB}"; echo done > pid'
    wait = "while [ ! -s pid ]; do sleep 0.01; done"
    kennel.spawn(1, f"(setsid sh -c '{line}' &) ; {wait}; sleep 0.1", tmp_path)
    assert 300 <= kennel.gone(1).peak_memory_mb < 500


def test_processes_at_the_same_time_are_summed(kennel: Kennel) -> None:
    half = "x = [7] * 20_000_000; print(1, flush=True); import time; time.sleep(1000)"
    kennel.spawn(1, f'for i in 1 2; do {sys.executable} -I -c "{half}" & done; wait')
    kennel.wait_output(1, b"1\n1\n")
    assert 300 <= kennel.usage(1).memory_mb < 500
    kennel.kill(1, hard=True)
    assert kennel.gone(1).peak_memory_mb >= 300


def _are_four(kennel: Kennel, number: int) -> bool:
    return len(kennel.usage(number).pids) == 4


def test_what_processes_share_is_counted_once_where_it_decides(kennel: Kennel) -> None:
    kennel.spawn_argv(1, python(SHARING))
    kennel.spawn_needy(2, python(SHARING), 250)
    for number in (1, 2):
        kennel.wait_output(number, b"forked")
        eventually(partial(_are_four, kennel, number))
    assert kennel.usage(1).memory_mb >= 800  # quick, and too much
    assert 200 <= kennel.usage(2).memory_mb < 400
    kennel.kill(2, hard=True)
    assert kennel.gone(2).peak_memory_mb < 400


def test_what_a_living_run_has_written_is_known(kennel: Kennel, tmp_path: Path) -> None:
    script = f"{WRITE_9_MB}; print('written', flush=True); import time; time.sleep(1000)"
    kennel.spawn_argv(1, python(script), tmp_path)
    kennel.wait_output(1, b"written")
    assert 8 <= kennel.usage(1).written_mb < 12


def test_what_a_run_has_read_from_the_disk_is_counted(kennel: Kennel, tmp_path: Path) -> None:
    kennel.spawn_argv(1, python(READ_9_MB), tmp_path)
    gone = kennel.gone(1)
    assert (8 <= gone.read_mb < 40, 8 <= gone.written_mb < 12) == (True, True)


def test_a_child_nobody_waits_for_counts_as_far_as_it_was_seen(
    kennel: Kennel, tmp_path: Path
) -> None:
    kennel.spawn_argv(1, python(FORGETFUL), tmp_path)
    kennel.wait_output(1, b"written")
    pids = kennel.usage(1).pids
    (tmp_path / "go").touch()
    assert len(pids) == 2
    assert kennel.gone(1).written_mb >= 8
    assert not any(exists(pid) for pid in pids)


def test_processor_time_of_children_counts(kennel: Kennel) -> None:
    spin = "import time\nwhile time.process_time() < 0.2: pass"
    kennel.spawn(1, f"{sys.executable} -I -c '{spin}'; true")
    assert 0.2 <= kennel.gone(1).cpu_s < 5
