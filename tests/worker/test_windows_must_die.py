"""Windows must die: what is closed, on a desktop that a test made."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from grange.model.machine import WINDOWS_MUST_DIE, MachineSettings
from grange.worker import windows_must_die
from tests.worker.build import a_run
from tests.worker.server import FarmServer
from tests.worker.site import working

CRASH = "Microsoft Visual C++ Runtime Library"


class FakeDesktop:
    """Windows as a test opens them."""

    def __init__(self, *titles: str) -> None:
        self.open = dict(enumerate(titles, 1))
        self.closed: list[str] = []

    def titles(self) -> Mapping[int, str]:
        return dict(self.open)

    def close(self, window: int) -> None:
        self.closed.append(self.open.pop(window))


@pytest.mark.proves("render.windows_must_die.closed")
def test_every_window_with_a_listed_title_is_closed() -> None:
    desktop = FakeDesktop(CRASH, "Explorer", CRASH)
    assert windows_must_die.close(desktop, WINDOWS_MUST_DIE) == [CRASH, CRASH]
    assert list(desktop.open.values()) == ["Explorer"]


def test_a_title_is_compared_whole() -> None:
    desktop = FakeDesktop(f"Search results for {CRASH}", CRASH.upper(), "")
    assert windows_must_die.close(desktop, WINDOWS_MUST_DIE) == []


def test_an_empty_list_closes_nothing() -> None:
    assert windows_must_die.close(FakeDesktop(CRASH), ()) == []


@pytest.mark.proves("render.windows_must_die.listed")
def test_the_list_that_ships_is_afanasys() -> None:
    assert MachineSettings().windows_must_die == (
        "ImageMagick Studio library and utility programs",
        "Microsoft Visual C++ Runtime Library",
        "QuickTimeHelper-32.exe - Application Error",
        "Visual Studio Just-In-Time Debugger",
    )


def test_other_systems_have_no_such_windows() -> None:
    assert (windows_must_die.of_this_system() is None) is (sys.platform != "win32")


@pytest.mark.proves("render.windows_must_die.closed", "render.windows_must_die.listed")
@pytest.mark.anyio
async def test_a_worker_closes_them_while_something_runs(
    server: FarmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that has crashed shows a window, and its task goes on once that is closed."""
    closed = tmp_path / "closed"

    class Crashed(FakeDesktop):
        def close(self, window: int) -> None:
            super().close(window)
            closed.touch()

    monkeypatch.setattr(windows_must_die, "of_this_system", lambda: Crashed("My crash", CRASH))
    machine = MachineSettings(windows_must_die=("My crash",))
    async with working(server, tmp_path, machine=machine):
        await server.execute(a_run(command=f"until [ -e {closed} ]; do sleep 0.01; done"))
