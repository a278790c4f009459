"""What every program of the campaign does first: it dies with the campaign."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from typing import Final, TypeVar

import msgspec

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h

T = TypeVar("T")


def begin(kind: type[T]) -> T:
    """Bind this process to its parent's life and read what it is told."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the campaign is over")
    form = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, datefmt="%H:%M:%S")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return msgspec.json.decode(sys.stdin.buffer.read(), type=kind)


def die() -> None:
    """End this process as the kernel would, between two instructions."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:  # another thread takes the signal
        signal.pause()
