"""What a machine tells of itself: people, disks, and what is set on it."""

from __future__ import annotations

from grange.model.machine import MachineSettings
from grange.plugins.resources.iostat import Iostat
from grange.server.wake import magic_packet
from grange.worker.errors import WorkerCannotRun
from grange.worker.people import people as look_for_people
from grange.worker.settings import machine_settings
from tests.fuzz.place import FOLDER, kept
from tests.fuzz.target import narrow


def people(data: bytes) -> None:
    """A session of logind, and what it says of a desktop."""
    kept("sessions/1", b"USER=ada\nTYPE=x11\n" + data)
    said = data.decode(errors="replace")
    found = look_for_people(1e9, sessions=FOLDER / "sessions", devices=FOLDER, logind=lambda: said)
    assert found.idle_s == -1 or found.idle_s >= 0


def disks(data: bytes) -> None:
    """The kernel's counters of disks."""
    (FOLDER / "block" / "sda" / "device").mkdir(parents=True, exist_ok=True)
    meter = Iostat(kept("diskstats", data), FOLDER / "block")
    if meter.valid:
        meter.update()
    assert 0 <= meter.value <= 100


def settings(data: bytes) -> None:
    """The settings of a machine."""
    path = kept("machine/settings.toml", data)
    assert isinstance(machine_settings(path.parent), MachineSettings)


def packet(data: bytes) -> None:
    """The hardware address of a machine that is to be woken."""
    assert len(magic_packet(data.decode(errors="replace"))) == 102


TARGETS = (
    narrow(
        name="sessions of people",
        parse=people,
        reaches=("grange.worker.people:_session", "grange.worker.people:_of_desktop"),
        seeds=(
            b"USER=ada\nTTY=pts/3\nTYPE=wayland\nCLASS=user\n",
            b"IdleHint=yes\nIdleSinceHint=1\n",
        ),
        found=(
            b"TTY=/etc/passwd\n",
            b"TTY=a\0b",
            b"TTY=" + b"x" * 9_000,
            b"IdleHint=yes\nIdleSinceHint=" + b"9" * 9_000,
        ),
    ),
    narrow(
        name="/proc: diskstats",
        parse=disks,
        reaches=("grange.plugins.resources.iostat:_counts",),
        seeds=(b"   8  0 sda 1 0 8 1 1 0 8 1 0 5 2 0 0\n",),
        found=(b"8 0 sda" + b" x" * 12, b"8 0 sda" + b" " + b" 9" * 12, b"\xff"),
    ),
    narrow(
        name="settings of a machine",
        parse=settings,
        reaches=("grange.worker.settings:machine_settings",),
        refuses=(WorkerCannotRun,),
        seeds=(b'[machine]\ndisk_devices = ["sda"]\nhide_gpus = true\n',),
        found=(b"[machine", b"machine = 1", b"\xff", b"[machine]\nx = " + b"[" * 5_000),
    ),
    narrow(
        name="hardware address",
        parse=packet,
        reaches=("grange.server.wake:magic_packet",),
        refuses=(ValueError,),
        seeds=(b"02:42:ac:11:00:02", b"02-42-ac-11-00-02"),
        found=(
            *(b"", b"02:42", b"\xff", b" 02 42 ac 11 00 02"),
            *(b"0" * 9_000, "\u0660".encode() * 12),
        ),
    ),
)
