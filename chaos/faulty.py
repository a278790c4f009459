"""Tasks that misbehave, each in one way; bounded, and they end by themselves in the end.

python -I -S faulty.py HISTORY KIND
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable

LONG_S = 120  # what never ends does so here, should nobody end it
BOMB = 150  # processes
FLOOD_S = 3.0  # seconds of a flood, as fast as it is taken
FLOOD_BYTES = 64 * 1024 * 1024  # of it at least
PIECE = b"all work and no play makes a farm a dull place to work in for us\n" * 1_024
LINE = bytes(range(33, 97)) * 1_024  # no newline
LINE_BYTES = 1_000_000_000
TINY = 10_000  # outputs
ANSI = b"\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07 \x9b31m"
BINARY = bytes(range(256)) * 64 + b"\0" * 4_096 + ANSI + b"\r\r\n" + b"\xff\xfe\xc0\x80\n"


def bomb() -> None:
    """Fork as fast as it goes, also from children, up to a bound."""
    for _ in range(BOMB // 3):
        if os.fork() == 0:
            for _ in range(2):
                if os.fork() == 0:
                    break
            time.sleep(LONG_S)
            os._exit(0)
    time.sleep(LONG_S)


def daemon() -> None:
    """Leave a process behind that was forked twice, has its own session, and is deaf."""
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork() == 0:
        _be_deaf()
        _close_output()
        time.sleep(LONG_S)
    os._exit(0)


def session() -> None:
    """Leave a child behind in a session of its own that keeps the output open."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(LONG_S)
        os._exit(0)


def deaf() -> None:
    """Ignore that we are asked to end, and never end."""
    _be_deaf()
    time.sleep(LONG_S)


def endless() -> None:
    """Never end."""
    time.sleep(LONG_S)


def once() -> None:
    """End at once."""


def murdered() -> None:
    """Be killed, as the kernel does when memory is used up."""
    os.kill(os.getpid(), signal.SIGKILL)


def stopped() -> None:
    """Stand still, and let nobody make us go on."""
    os.kill(os.getpid(), signal.SIGSTOP)


def flood() -> None:
    """Write as much as is taken, and more than is kept."""
    until, written = time.monotonic() + FLOOD_S, 0
    while written < FLOOD_BYTES or time.monotonic() < until:
        _write(PIECE)
        written += len(PIECE)


def line() -> None:
    """Write a gigabyte without the end of a line."""
    for _ in range(LINE_BYTES // len(LINE)):
        _write(LINE)


def binary() -> None:
    """Write all there is: any bytes, control sequences, and zeros."""
    _write(BINARY)


def tiny() -> None:
    """Write very often, very little."""
    for number in range(TINY):
        _write(b"%d\n" % number)


KINDS: dict[str, Callable[[], None]] = {
    kind.__name__: kind
    for kind in (
        *(bomb, daemon, session, deaf, endless, once),
        *(murdered, stopped, flood, line, binary, tiny),
    )
}


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def _be_deaf() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _close_output() -> None:
    null = os.open("/dev/null", os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def main() -> None:
    """Live the life of one task, and note it as good tasks do."""
    path, kind = sys.argv[1:]
    history = os.open(path, os.O_WRONLY | os.O_APPEND)
    about = {
        "run": int(os.environ["GRANGE_RUN_ID"]),
        "job": int(os.environ["GRANGE_JOB_ID"]),
        "block": int(os.environ["GRANGE_BLOCK"]),
        "task": int(os.environ["GRANGE_TASK"]),
        "pid": os.getpid(),
    }

    def note(event: str, **more: object) -> None:
        fields = {"kind": event, "at": time.monotonic_ns(), **about, **more}
        os.write(history, json.dumps(fields).encode() + b"\n")

    note("begun", home=os.environ["GRANGE_WORKER"])
    KINDS[kind]()
    note("ended")


if __name__ == "__main__":
    main()
