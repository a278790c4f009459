"""Task life cycles per second: start, run `true`, log kept, durable; beside `xargs -P8`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grange.client import Client
from grange.client.requests import pools
from grange.model.spec import BlockSpec, JobSpec

TASKS = (1_000, 10_000)
SLOTS = 8
ROUNDS = 5
START_S = 60.0


def xargs(tasks: int) -> float:
    """Tasks per second of the bare machine, by xargs."""
    began = time.perf_counter()
    numbers = "\n".join(str(number) for number in range(tasks))
    subprocess.run(["xargs", f"-P{SLOTS}", "-n1", "true"], input=numbers, text=True, check=True)
    return tasks / (time.perf_counter() - began)


def farm(client: Client, tasks: int) -> float:
    """Tasks per second from submission until the last result is on disk."""
    block = BlockSpec(frames=f"1-{tasks}", command=("true",), capacity=1)
    began = time.time()
    job = client.submit(JobSpec(name=f"{tasks} times true", blocks=(block,)))
    done = job.wait().done
    job.delete()
    return tasks / (done - began)


def latency(client: Client) -> float:
    """Seconds from submission until one task has run, as the farm's own times say."""
    block = BlockSpec(frames="1", command=("true",), capacity=1)
    began = time.time()
    job = client.submit(JobSpec(name="once", blocks=(block,)))
    done = job.wait().done
    job.delete()
    return done - began


def main() -> None:
    """Print the tables."""
    print(f"load before: {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores; {SLOTS} slots")
    with tempfile.TemporaryDirectory() as folder:
        options = {"state_dir": folder, "port": 0, "worker_allow_root": True}
        child = subprocess.Popen(
            [sys.executable, "-m", "grange.app", "up"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        assert child.stdin is not None
        child.stdin.write(json.dumps(options).encode())
        child.stdin.close()
        try:
            measure(Path(folder))
        finally:
            child.terminate()
            child.wait()


def measure(folder: Path) -> None:
    """Run all rounds against a farm of its own."""
    announced = folder / "server.json"
    ends = time.monotonic() + START_S
    while not announced.exists() and time.monotonic() < ends:
        time.sleep(0.1)
    url = json.loads(announced.read_bytes())["url"]
    with Client(url, (folder / "admin.token").read_text().strip()) as client:
        while not client.summary().workers_online:
            time.sleep(0.1)
        client.send(pools.edit("/", max_tasks_host=SLOTS, capacity_host=1_000))
        print(f"{'tasks':>7} {'xargs -P8':>22} {'grange':>22}   (per second: median, least-most)")
        for tasks in TASKS:
            pairs = [(xargs(tasks), farm(client, tasks)) for _ in range(ROUNDS)]
            shown = [f"{row(list(rates)):>22}" for rates in zip(*pairs, strict=True)]
            print(f"{tasks:7,} {' '.join(shown)}")
        times = sorted(latency(client) * 1e3 for _ in range(100))
        print(
            f"one task, submitted until done: median {times[50]:.1f} ms, worst {times[-1]:.1f} ms"
        )


def row(rates: list[float]) -> str:
    """Median and spread."""
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"


if __name__ == "__main__":
    main()
