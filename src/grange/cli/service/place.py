"""Where units lie, who their account is, and the systemd that runs them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from grange.cli.service.units import Plan, is_as_written, unit
from grange.cli.session import Refused

RUNNING: Final = Path("/run/systemd/system")  # there where systemd started this machine
SYSTEM_UNITS: Final = Path("/etc/systemd/system")
SYSTEM_HOME: Final = Path("/var/lib/grange")
HOMES: Final = (Path("/home"), Path("/root"))
COMMAND_MAX_S: Final = 120.0  # for systemctl: a service may take a while to stop


class Failed(Exception):
    """Something of the system refused; the text says what."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The system's services, or a user's own."""

    system: bool
    units: Path  #: folder of the unit files

    @classmethod
    def of(cls, *, system: bool, units: Path | None) -> Place:
        """Find it; `units` is a folder other than the usual one."""
        if units is None:
            base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
            units = SYSTEM_UNITS if system else Path(base) / "systemd" / "user"
        return cls(system=system, units=units)

    @property
    def runs(self) -> bool:
        """Whether a service manager is there to be told."""
        here = RUNNING.is_dir() and shutil.which("systemctl") is not None
        return here and (self.system or bool(os.environ.get("XDG_RUNTIME_DIR")))

    def words(self, *words: str) -> tuple[str, ...]:
        """A command for its manager."""
        return ("systemctl", *(() if self.system else ("--user",)), *words)

    def tell(self, *words: str) -> None:
        """Tell its manager something.

        Raises:
            Failed: it refuses.
        """
        call(self.words(*words))

    def ask(self, *words: str) -> str:
        """Ask its manager for a word; "" where none is there."""
        if not self.runs:
            return ""
        said = subprocess.run(  # noqa: S603 (systemctl)
            self.words(*words), capture_output=True, text=True, timeout=COMMAND_MAX_S, check=False
        )
        return said.stdout.strip()


def call(command: tuple[str, ...]) -> None:
    """Execute a program of the system.

    Raises:
        Failed: it is not there, or refuses.
    """
    try:
        done = subprocess.run(  # noqa: S603 (of our own making)
            command, capture_output=True, text=True, timeout=COMMAND_MAX_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Failed(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")


def program() -> tuple[str, ...]:
    """How this very grange is started, whatever the PATH is."""
    script = Path(sys.executable).parent / "grange"
    return (str(script),) if script.exists() else (sys.executable, "-m", "grange")


def at_home() -> bool:
    """Whether this program, or the Python that it needs, lies in somebody's home folder."""
    needed = (Path(program()[0]), Path(sys.executable).resolve())
    return any(path.is_relative_to(home) for path in needed for home in HOMES)


def closed_folder() -> Path | None:
    """The first folder above the program that only its owner may enter; None where none is."""
    needed = (Path(program()[0]), Path(sys.executable).resolve())
    above = (folder for path in needed for folder in reversed(path.parents))
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)


def account_of(name: str) -> pwd.struct_passwd | None:
    """Look a system user up."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def account_command(name: str, home: Path) -> tuple[str, ...]:
    """How a system user is made that nobody can log in as."""
    return (
        *("useradd", "--system", "--user-group", "--no-create-home"),
        *("--home-dir", str(home), "--shell", "/usr/sbin/nologin", name),
    )


def give(folder: Path, name: str) -> None:
    """Make a folder, its owner's alone, and give it with all that is in it to a user."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = account_of(name)
    if found is None or os.geteuid() != 0:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, found.pw_uid, found.pw_gid, follow_symlinks=False)


def write(place: Place, plan: Plan, *, force: bool) -> tuple[Path, str]:
    """Write a unit, unless a person has changed the one that is there.

    Returns:
        The file, and what became of it: written, renewed or kept.

    Raises:
        Refused: a person has changed it.
    """
    path, text = place.units / plan.name, unit(plan)
    there = read(path)
    if there == text:
        return path, "kept"
    if there is not None and not is_as_written(there) and not force:
        raise Refused(f"{path} was changed by hand: --force writes over it")
    place.units.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return path, "written" if there is None else "renewed"


def read(path: Path) -> str | None:
    """Read a unit; None where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read: {error}") from error
