"""Questions that are answered by a child process, which may hang or crash in our place."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any, Final, TypeVar

import msgspec

from grange.model.unreadable import UNREADABLE
from grange.worker.account import Account

ANSWER_MAX: Final = 1024 * 1024  # bytes
KILL_S: Final = 0.5  # for a killed child to be gone; one that hangs in the kernel is left

T = TypeVar("T")

#: Children that were killed and that the kernel does not let go, by what they were asked.
_stuck: dict[tuple[str, bytes], subprocess.Popen[bytes]] = {}


class NoAnswer(Exception):
    """The child gave none; the text is a sentence."""


class Hangs(NoAnswer):
    """It did not answer in time."""


class Question:
    """A question that is being answered. While a former one like it hangs in the kernel it is not.

    Args:
        kind: a name of `probes.PROBES`.
        about: what it is told, as JSON.
        account: as whom it looks; None our own user.
    """

    def __init__(self, kind: str, about: Any = None, account: Account | None = None) -> None:
        own = {name: text for name, text in os.environ.items() if not name.startswith("GRANGE_")}
        identity = account.ids() if account is not None else ""
        self._about = msgspec.json.encode(about)
        self._key = (kind, self._about)
        self._fault = ""
        self._child: subprocess.Popen[bytes] | None = None
        if _still_stuck(self._key):
            return
        try:
            self._child = subprocess.Popen(  # noqa: S603 (our own module)
                (sys.executable, "-I", "-m", "grange.worker.doctor.probes", kind, identity),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=own,
                start_new_session=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            self._fault = f"no process can be started to look: {error}"

    def answer(self, kind: type[T], timeout_s: float) -> T:
        """Wait for the answer.

        Args:
            kind: what it is.
            timeout_s: how long; the child and what it has started are killed then.

        Raises:
            Hangs: it did not come.
            NoAnswer: the child broke.
        """
        if self._child is None:
            raise NoAnswer(self._fault) if self._fault else Hangs("an earlier look still hangs")
        try:
            said, complaint = self._child.communicate(self._about, timeout_s)
        except subprocess.TimeoutExpired as error:
            self._abandon(self._child)
            raise Hangs(f"no answer within {timeout_s:.0f} s") from error
        if self._child.returncode != 0:
            lines = complaint.decode(errors="replace").strip().splitlines()
            raise NoAnswer(lines[-1][:500] if lines else f"status {self._child.returncode}")
        try:
            return msgspec.json.decode(said[:ANSWER_MAX], type=kind)
        except UNREADABLE as error:
            raise NoAnswer(f"an answer that is none: {error}") from error

    def _abandon(self, child: subprocess.Popen[bytes]) -> None:
        """End it, and what it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)  # nobody has waited for it: the number is its own
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            child.wait(KILL_S)
        except subprocess.TimeoutExpired:
            _stuck[self._key] = child


def _still_stuck(key: tuple[str, bytes]) -> bool:
    """Whether the kernel holds a child with that question; those that it let go are forgotten."""
    for known, child in list(_stuck.items()):
        if child.poll() is not None:
            _stuck.pop(known, None)
    return key in _stuck
