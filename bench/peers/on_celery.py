"""Celery with Redis (append-only file, flushed each second): a worker of 8 processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from celery import Celery, group

from bench.peers.talk import ANSWERS, COMMAND, SLOTS, serve, since

PORT = "BENCH_REDIS_PORT"  # tells the worker, in its environment
START_S = 30.0
LOOK_S = 0.02

address = f"redis://127.0.0.1:{os.environ.get(PORT, '0')}/0"
app = Celery("bench", broker=address, backend=address)
app.conf.update(worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True)


def run(command: Sequence[str]) -> int:
    """Run a command on the worker."""
    return subprocess.run(command, check=True).returncode


task = app.task(run, name="run")


class Farm:
    """Redis and a worker, both ours alone."""

    def batch(self, tasks: int) -> float:
        """As one group; over when every result is there."""
        began = time.monotonic()
        group(task.s(COMMAND) for _ in range(tasks))().join_native(interval=LOOK_S)
        return since(began)

    def once(self, command: Sequence[str]) -> float:
        """As one call."""
        began = time.monotonic()
        task.delay(list(command)).get(timeout=START_S)
        return began


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def main() -> None:
    """Start Redis; start the worker and, once more, this program, which then know where it is."""
    with tempfile.TemporaryDirectory() as folder:
        port = str(free_port())
        redis = subprocess.Popen(
            [
                *("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder),
                *("--appendonly", "yes", "--save", ""),
            ],
            stdout=subprocess.DEVNULL,
        )
        environment = {**os.environ, PORT: port}
        with Path(folder, "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "bench.peers.on_celery", "worker"),
                    *(f"-c{SLOTS}", "--without-gossip", "--without-mingle", "-lWARNING"),
                ],
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            subprocess.run(
                [sys.executable, "-m", __spec__.name, "talk"],
                env=environment,
                pass_fds=(int(os.environ[ANSWERS]),),
            )
        finally:
            worker.terminate()
            worker.wait()
            redis.terminate()
            redis.wait()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        task.delay(list(COMMAND)).get(timeout=START_S)  # the worker is there
        serve(Farm())
    else:
        main()
