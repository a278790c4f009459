"""Who is signed in, and for how long nobody has touched the machine."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from grange.worker import people
from grange.worker.people import UNKNOWN, People

NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def nobody_by_utmp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is signed in at this machine is not looked at."""
    monkeypatch.setattr(psutil, "users", list)


def session(folder: Path, number: str, **said: str) -> None:
    folder.mkdir(exist_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in said.items())
    (folder / number).write_text(f"# a comment\n{text}")


def terminal(folder: Path, name: str, touched: float) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (touched, NOW))


def look(folder: Path, said: str = "") -> People:
    return people.people(
        NOW, sessions=folder / "sessions", devices=folder / "dev", logind=lambda: said
    )


def test_where_nobody_is_signed_in_nothing_is_known(tmp_path: Path) -> None:
    assert look(tmp_path) == ((), UNKNOWN)


def test_the_terminal_that_was_typed_at_last_counts(tmp_path: Path) -> None:
    session(tmp_path / "sessions", "1", USER="ada", TTY="pts/3", TYPE="tty", CLASS="user")
    session(tmp_path / "sessions", "2", USER="bob", TTY="tty1", TYPE="tty", CLASS="user")
    terminal(tmp_path / "dev", "pts/3", NOW - 40)
    terminal(tmp_path / "dev", "tty1", NOW - 900)
    assert look(tmp_path) == (("ada", "bob"), 40.0)


def test_who_signed_in_without_logind_is_seen_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal(tmp_path / "dev", "pts/0", NOW - 5)
    user = type("user", (), {"name": "eve", "terminal": "pts/0"})
    monkeypatch.setattr(psutil, "users", lambda: [user])
    assert look(tmp_path) == (("eve",), 5.0)


def test_a_desktop_in_use_is_not_idle(tmp_path: Path) -> None:
    session(tmp_path / "sessions", "1", USER="ada", TYPE="wayland", CLASS="user")
    assert look(tmp_path, "IdleHint=no\nIdleSinceHint=0\n").idle_s == 0


def test_an_idle_desktop_tells_since_when(tmp_path: Path) -> None:
    session(tmp_path / "sessions", "1", USER="ada", TYPE="x11", CLASS="user")
    since = int((NOW - 600) * 1e6)
    assert look(tmp_path, f"IdleHint=yes\nIdleSinceHint={since}\n").idle_s == 600
    assert look(tmp_path, "").idle_s == UNKNOWN


def test_logind_is_asked_only_where_there_is_a_desktop(tmp_path: Path) -> None:
    session(tmp_path / "sessions", "1", USER="ada", TTY="tty1", TYPE="tty", CLASS="user")
    asked: list[int] = []

    def logind() -> str:
        asked.append(1)
        return ""

    people.people(NOW, sessions=tmp_path / "sessions", devices=tmp_path, logind=logind)
    assert not asked


def test_greeters_pipes_and_rubbish_are_nobody(tmp_path: Path) -> None:
    session(tmp_path / "sessions", "1", USER="gdm", TYPE="wayland", CLASS="greeter")
    session(tmp_path / "sessions", "2")
    os.mkfifo(tmp_path / "sessions" / "1.ref")
    (tmp_path / "sessions" / "3").write_bytes(b"\xff=\0\nUSER\n=")
    assert look(tmp_path) == ((), UNKNOWN)


def test_a_clock_that_was_set_back_does_not_make_idleness_negative(tmp_path: Path) -> None:
    session(tmp_path / "sessions", "1", USER="ada", TTY="../tty2", TYPE="tty")
    session(tmp_path / "sessions", "2", USER="ada", TTY="tty1", TYPE="tty")
    terminal(tmp_path / "dev", "tty1", NOW + 50)
    terminal(tmp_path, "tty2", NOW - 9)
    assert look(tmp_path) == (("ada",), 0.0)
