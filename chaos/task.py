"""What the tasks of the campaign execute; it starts in few milliseconds and notes its life.

python -I -S task.py HISTORY SECONDS [tree]

The task holds a lock of its own for as long as one of its processes lives: the kernel lets go
of it, and of nothing sooner, so that a second copy of the task sees the first. With `tree` it
leaves a process behind that has a session of its own and that init would inherit.
"""

import fcntl
import json
import os
import sys
import time

LONG_S = 600


def main() -> None:
    """Live the life of one task."""
    path, seconds, *options = sys.argv[1:]
    history = os.open(path, os.O_WRONLY | os.O_APPEND)
    about = {
        "run": int(os.environ["GRANGE_RUN_ID"]),
        "job": int(os.environ["GRANGE_JOB_ID"]),
        "block": int(os.environ["GRANGE_BLOCK"]),
        "task": int(os.environ["GRANGE_TASK"]),
        "pid": os.getpid(),
    }

    def note(kind: str, **more: object) -> None:
        line = {"kind": kind, "at": time.monotonic_ns(), **about, **more}
        os.write(history, json.dumps(line).encode() + b"\n")

    folder = os.path.dirname(path)  # noqa: PTH120  # pathlib takes long to import
    overlaps = not lock("{}/locks/{job}-{block}-{task}".format(folder, **about))
    note("begun", home=os.environ["GRANGE_WORKER"], overlaps=overlaps)
    print("begun {run} of {job}/{block}/{task}".format(**about), flush=True)
    if "tree" in options:
        leave_behind()
    time.sleep(float(seconds))
    print("ended {run} of {job}/{block}/{task}".format(**about), flush=True)
    note("ended")


def lock(path: str) -> bool:
    """Take the task's lock, if nobody has it. It is held until the last process is gone."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def leave_behind() -> None:
    """Fork twice, as a daemon does."""
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        time.sleep(LONG_S)
    os._exit(0)


if __name__ == "__main__":
    main()
