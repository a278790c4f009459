"""`grange demo`: start a farm, render a real film on it, show how, say where it lies."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.markup import escape

from grange.client import Client
from grange.client.watching import Mirror
from grange.demo.farm import DemoFarm, FarmFailed
from grange.demo.job import FILM_NAME, NoRenderer, Renderer, choose, film_job
from grange.demo.screen import frames_on_disk, picture
from grange.model.states import JobState
from grange.model.views import JobView
from grange.wire.watch import Watch
from grange.worker import beside

PATIENCE_S = 120.0  # a server that is killed is tried again for so long
REDRAW_HZ = 8
LINE_EVERY = 10  # percent between two lines where there is no terminal


def run_demo(folder: Path, *, renderer: Renderer | None = None, stay: bool | None = None) -> int:
    """Run the demo. Returns the exit status.

    Args:
        folder: where frames and film go; the farm's own state goes below it.
        renderer: None for what this machine has.
        stay: keep the farm running afterwards until Ctrl-C; None: in a terminal.
    """
    console = Console()
    folder = folder.absolute()
    try:
        chosen = renderer or choose()
    except NoRenderer as why:
        console.print(str(why), style="red", markup=False)
        return 1
    _clear(folder)
    console.print(f"Starting a farm in {folder} ...", style="dim")
    try:
        with DemoFarm(folder) as farm:
            job = _render(console, farm, folder, chosen)
            _tell(console, farm, folder, job)
            if stay if stay is not None else sys.stdin.isatty() and console.is_terminal:
                console.print("The farm keeps running. Ctrl-C stops it.")
                while True:
                    time.sleep(3_600)
            return 0 if job.state is JobState.DONE else 1
    except FarmFailed as why:
        console.print(f"[red]the farm did not start:[/] {escape(str(why))}")
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped: no process of the farm is left.")
        return 130


def _clear(folder: Path) -> None:
    """Begin anew: of an earlier demo nothing is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    beside.end(folder / "farm" / "worker")  # of a demo that was killed
    for name in ("frames", "farm"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (FILM_NAME, "film.blend", "farm.log"):
        (folder / name).unlink(missing_ok=True)
    (folder / "frames").mkdir()


def _render(console: Console, farm: DemoFarm, folder: Path, renderer: Renderer) -> JobView:
    with _client(farm) as client:
        handle = client.submit(film_job(folder, renderer))
        console.print(f"Job {handle.id} submitted. Look at it: {farm.login_address()}")
        if console.is_terminal:
            console.print(
                f"Try to break it: kill -9 {farm.pid} ends the server, the film goes on.",
                style="dim",
            )
        mirror = Mirror()
        want = Watch(tasks_of=(handle.id,))
        with Live(console=console, refresh_per_second=REDRAW_HZ, transient=False) as live:
            said = -LINE_EVERY
            for message in client.watch(want):
                mirror.apply(message)
                job = mirror.jobs.get(handle.id)
                if job is None:
                    continue
                if console.is_terminal:
                    live.update(picture(mirror, job, folder, farm.restarts))
                elif job.percent >= said + LINE_EVERY:
                    said = int(job.percent)
                    console.print(f"{job.percent:5.1f} %  {len(frames_on_disk(folder))} frames")
                if job.state in (JobState.DONE, JobState.FAILED):
                    return job
    raise AssertionError("a watch has no end")


def _client(farm: DemoFarm) -> Client:
    token = (farm.state / "admin.token").read_text(encoding="ascii").strip()
    return Client(farm.url, token, patience_s=PATIENCE_S)


def _tell(console: Console, farm: DemoFarm, folder: Path, job: JobView) -> None:
    if job.state is not JobState.DONE:
        console.print(f"[red]The job failed.[/] Its logs: GRANGE_HOME={farm.state} grange job 1")
        return
    seconds = job.done - job.created
    console.print(f"\n[green]Done in {seconds:.0f} s.[/]")
    console.print(f"  frames  {folder / 'frames'}")
    console.print(f"  film    [bold]{folder / FILM_NAME}[/]")
    console.print(f"  page    {farm.url}")
