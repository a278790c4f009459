"""`grange simulate`: a week of a farm in a minute; `--plan`: when will my jobs be done?"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from grange.cli.amounts import seconds
from grange.cli.exits import ExitCode
from grange.cli.options import Json
from grange.cli.session import Refused, farm

TASK_TIME: str = "10m"
commands = typer.Typer()


@commands.command("simulate", rich_help_panel="Farm")
def simulate(
    ctx: typer.Context,
    nodes: Annotated[
        int, typer.Option("--nodes", min=4, max=100_000, metavar="N", help="So many machines.")
    ] = 10_000,
    days: Annotated[
        float, typer.Option("--days", min=0.05, max=366, metavar="N", help="So many days.")
    ] = 7.0,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="The same number gives the same week.")
    ] = 1,
    faults: Annotated[
        bool, typer.Option("--faults", help="Let machines, network and server fail.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say when the jobs of the running farm will be done.")
    ] = False,
    more: Annotated[
        int, typer.Option("--more", min=0, metavar="N", help="Plan with N more workers.")
    ] = 0,
    fewer: Annotated[
        int, typer.Option("--fewer", min=0, metavar="N", help="Plan with N fewer workers.")
    ] = 0,
    like: Annotated[
        str, typer.Option("--like", metavar="WORKER", help="Of the kind of this one.")
    ] = "",
    task_time: Annotated[
        str,
        typer.Option(
            "--task-time", metavar="SPAN", help="What a task takes of which nothing is known."
        ),
    ] = TASK_TIME,
    as_json: Json = False,
) -> None:
    """Let the farm's own rules run a studio on a virtual clock, and check every promise.

    Ends with 1 if a promise was broken.

    With --plan it is your farm: its jobs as they stand, on its workers or on more or fewer.

    [dim]grange simulate --faults --seed 7[/]

    [dim]grange simulate --plan --more 20 --like node3[/]
    """
    if not plan and (more or fewer or like):
        raise Refused("--more, --fewer and --like are for --plan")
    if more and fewer:
        raise Refused("either --more or --fewer")
    if plan:
        _plan(ctx, more - fewer, like, seconds(task_time), seed, as_json=as_json)
    else:
        _week(nodes, days, seed, faults=faults, as_json=as_json)


def _week(nodes: int, days: float, seed: int, *, faults: bool, as_json: bool) -> None:
    from grange.cli import screen, simulations
    from grange.sim.told import report
    from grange.sim.world import Wish, World

    began = time.perf_counter()
    gc.disable()  # a tenth of the time, and what it would find is little: we end soon
    with _progress(days) as passed:
        world = World(Wish(nodes, days, seed, faults), passed=passed)
        world.run()
    found = report(world)
    if as_json:
        screen.write_json(found)
    else:
        screen.show(*simulations.week(found, screen.out().width))
    screen.say(simulations.took(found, time.perf_counter() - began))
    if not found.sound:
        raise typer.Exit(ExitCode.FAILED)


@contextmanager
def _progress(days: float) -> Iterator[Callable[[float], None] | None]:
    """Show in a terminal how far it is."""
    from grange.cli import screen

    if not screen.err().is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen.err(), transient=True) as shown:
        task = shown.add_task("", total=days)

        def passed(day: float) -> None:
            shown.update(task, completed=day, description=f"day {day:.1f} of {days:g}")

        yield passed


def _plan(
    ctx: typer.Context, change: int, like: str, task_s: float, seed: int, *, as_json: bool
) -> None:
    from grange.cli import screen, simulations
    from grange.cli.farm_as_it_is import read_farm
    from grange.sim.forecast import NoneLike, forecast

    with farm(ctx) as client:
        snapshot = read_farm(client, task_s)
    try:
        found = forecast(snapshot, change, like, seed)
    except NoneLike as error:
        raise Refused(str(error)) from error
    if as_json:
        screen.write_json(found)
    else:
        screen.show(*simulations.plan(found))
