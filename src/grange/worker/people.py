"""Who is signed in at this machine, and for how long nobody has touched it (Linux).

Three sources, the youngest counts: the terminals of those who are signed in (the kernel notes
when one was last typed at, to some seconds), and, where somebody has a desktop, what logind
says. A desktop tells logind that it is idle only after a while of its own, often five minutes.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import psutil

SESSIONS: Final = Path("/run/systemd/sessions")
DEVICES: Final = Path("/dev")
DESKTOPS: Final = frozenset({"x11", "wayland", "mir"})
LOGIND: Final = ("loginctl", "show-session", "--property=IdleHint", "--property=IdleSinceHint")
LOGIND_MAX_S: Final = 2.0
SESSIONS_MAX: Final = 200  # looked at
DIGITS_MAX: Final = 20  # of a time in microseconds
UNKNOWN: Final = -1.0


class People(NamedTuple):
    """Who is there."""

    names: tuple[str, ...]  #: of those who are signed in
    idle_s: float  #: since the last input; -1 nobody is signed in, or the system does not tell


class Session(NamedTuple):
    """One person signed in once."""

    user: str
    terminal: str  #: such as tty1 or pts/3; "" none
    desktop: bool


def people(
    now: float,
    *,
    sessions: Path = SESSIONS,
    devices: Path = DEVICES,
    logind: Callable[[], str] | None = None,
) -> People:
    """Look who is there.

    Args:
        now: epoch seconds, of the system's clock.
        sessions: where logind notes the sessions.
        devices: where the terminals are.
        logind: gives what it says of idleness; None asks its program, which is done only where
            somebody has a desktop.
    """
    found = [*_of_utmp(), *_of_logind(sessions)]
    inputs = [touched for item in found if (touched := _touched(devices, item.terminal))]
    if any(item.desktop for item in found):
        inputs += _of_desktop((logind or ask_logind)(), now)
    idle_s = max(0.0, now - max(inputs)) if inputs else UNKNOWN
    return People(tuple(sorted({item.user for item in found})), round(idle_s, 1))


def clock() -> float:
    """Epoch seconds, as files bear them."""
    return time.clock_gettime(time.CLOCK_REALTIME)


def ask_logind() -> str:
    """What logind says of the machine as a whole; "" where it does not answer."""
    try:
        said = subprocess.run(  # noqa: S603 (our own words)
            LOGIND,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LOGIND_MAX_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.decode(errors="replace")


def _of_utmp() -> Iterable[Session]:
    try:
        users = psutil.users()
    except (OSError, RuntimeError, psutil.Error):
        return ()
    return [Session(user.name, user.terminal or "", desktop=False) for user in users]


def _of_logind(folder: Path) -> Iterable[Session]:
    """Sessions of people, not of greeters or services."""
    try:
        paths = sorted(folder.iterdir())[:SESSIONS_MAX]
    except OSError:
        return ()
    return [item for path in paths if (item := _session(path)) is not None]


def _session(path: Path) -> Session | None:
    if not path.is_file():  # beside each lies a pipe, which nobody would ever write to
        return None
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None  # it has just ended
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    if said.get("CLASS", "user") != "user" or "USER" not in said:
        return None
    return Session(said["USER"], said.get("TTY", ""), said.get("TYPE", "") in DESKTOPS)


def _touched(devices: Path, terminal: str) -> float | None:
    """When a terminal was last typed at; None where there is none of the name."""
    if not terminal or terminal.startswith("/") or ".." in terminal:
        return None
    try:
        return (devices / terminal).stat().st_atime
    except (OSError, ValueError):
        return None


def _of_desktop(said: str, now: float) -> list[float]:
    """The last input, as logind tells it: now while the desktop is not idle."""
    words = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if words.get("IdleHint") == "no":
        return [now]
    since = words.get("IdleSinceHint", "")[:DIGITS_MAX]
    return [int(since) / 1e6] if words.get("IdleHint") == "yes" and since.isdecimal() else []
