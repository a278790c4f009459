"""What is done to jobs and their tasks: pause, restart, skip, stop, delete ..."""

from __future__ import annotations

from typing import Annotated, Final

import typer

import grange.client
from grange.cli.amounts import count
from grange.cli.lookup import worker_id
from grange.cli.options import Yes
from grange.cli.session import Refused, farm, sure
from grange.cli.targets import JobTarget, NamedTarget, job_target, target
from grange.client.requests import branches, jobs, pools, tasks, users, workers
from grange.model.states import TaskFilter, TaskOp

PANEL: Final = "Steer jobs"
commands = typer.Typer()

Targets = Annotated[
    list[str], typer.Argument(metavar="WHAT", help="12, 12/0 or 12/0/5-9; several if need be.")
]
Things = Annotated[
    list[str],
    typer.Argument(metavar="WHAT", help="12, worker:NAME, user:NAME, pool:/PATH, branch:/PATH."),
]
Only = Annotated[
    TaskFilter,
    typer.Option(
        "--only",
        metavar="STATE",
        help=f"Of these tasks, only those: {', '.join(list(TaskFilter)[1:])}.",
        show_default=False,
    ),
]
Failed = Annotated[bool, typer.Option("--failed", help="The same as --only failed.")]

#: What was done, as it is told; and whether it throws away work, so that it is asked first.
_DONE: Final = {
    TaskOp.RESTART: ("restarted", True),
    TaskOp.SKIP: ("skipped", True),
    TaskOp.DONE: ("marked as done", True),
    TaskOp.SUSPEND: ("suspended", False),
    TaskOp.CONTINUE: ("continued", False),
    TaskOp.STOP: ("stopped", False),
}


@commands.command("pause", rich_help_panel=PANEL)
def pause(ctx: typer.Context, what: Things) -> None:
    """Start nothing more of a job, or of a user or branch, or on a worker or pool.

    What runs goes on. [dim]grange pause 12[/]
    """
    _set_paused(ctx, what, paused=True)


@commands.command("resume", rich_help_panel=PANEL)
def resume(ctx: typer.Context, what: Things) -> None:
    """Let go on what was paused.

    [dim]grange resume 12[/]
    """
    _set_paused(ctx, what, paused=False)


@commands.command("restart", rich_help_panel=PANEL)
def restart(
    ctx: typer.Context,
    what: Targets,
    only: Only = TaskFilter.ALL,
    failed: Failed = False,
    with_depends: Annotated[
        bool, typer.Option("--with-depends", help="Also the tasks that these wait for.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Run tasks again.

    [dim]grange restart 12 --failed[/]
    """
    _change(ctx, TaskOp.RESTART, what, _filter(only, failed=failed), yes, with_depends)


@commands.command("skip", rich_help_panel=PANEL)
def skip(
    ctx: typer.Context,
    what: Targets,
    only: Only = TaskFilter.ALL,
    failed: Failed = False,
    yes: Yes = False,
) -> None:
    """Leave tasks out: they count as done.

    [dim]grange skip 12/0/5-9[/]
    """
    _change(ctx, TaskOp.SKIP, what, _filter(only, failed=failed), yes)


@commands.command("done", rich_help_panel=PANEL)
def mark_done(
    ctx: typer.Context,
    what: Targets,
    only: Only = TaskFilter.ALL,
    failed: Failed = False,
    yes: Yes = False,
) -> None:
    """Count tasks as done, whatever became of them.

    [dim]grange done 12/0/7[/]
    """
    _change(ctx, TaskOp.DONE, what, _filter(only, failed=failed), yes)


@commands.command("suspend", rich_help_panel=PANEL)
def suspend(ctx: typer.Context, what: Targets, only: Only = TaskFilter.ALL) -> None:
    """Hold tasks back; what runs of them is stopped.

    [dim]grange suspend 12/0/50-99[/]
    """
    _change(ctx, TaskOp.SUSPEND, what, only, True)


@commands.command("continue", rich_help_panel=PANEL)
def proceed(ctx: typer.Context, what: Targets, only: Only = TaskFilter.ALL) -> None:
    """Let suspended tasks go on.

    [dim]grange continue 12/0/50-99[/]
    """
    _change(ctx, TaskOp.CONTINUE, what, only, True)


@commands.command("stop", rich_help_panel=PANEL)
def stop(ctx: typer.Context, what: Targets) -> None:
    """Stop what runs; its tasks are ready again.

    [dim]grange stop 12/0/7[/]
    """
    _change(ctx, TaskOp.STOP, what, TaskFilter.ALL, True)


@commands.command("delete", rich_help_panel=PANEL)
def delete(ctx: typer.Context, what: Things, yes: Yes = False) -> None:
    """Delete a job with its logs; or a user, branch, pool or worker that nothing uses.

    [dim]grange delete 12 13[/]
    """
    places = [target(text) for text in what]
    for place in places:
        if isinstance(place, JobTarget) and place.block is not None:
            raise Refused(f"{place}: blocks and tasks cannot be deleted; skip them")
    sure(f"Delete {', '.join(map(_title, places))}?", yes=yes)
    with farm(ctx) as client:
        for place in places:
            _delete(client, place)
            _tell(f"{_title(place)} is deleted")


def _set_paused(ctx: typer.Context, what: list[str], *, paused: bool) -> None:
    places = [target(text) for text in what]
    for place in places:
        if isinstance(place, JobTarget) and place.block is not None:
            word = "suspend" if paused else "continue"
            raise Refused(f"{place}: only whole jobs are paused; see: grange {word} {place}")
    with farm(ctx) as client:
        for place in places:
            if isinstance(place, JobTarget):
                client.send((jobs.pause if paused else jobs.resume)(place.job))
            else:
                edit_named(client, place, {"paused": paused})
            _tell(f"{_title(place)} {'is paused' if paused else 'goes on'}")


def edit_named(
    client: grange.client.Client, place: NamedTarget, fields: dict[str, object]
) -> None:
    """Change fields of a worker, a user, a pool or a branch."""
    if place.kind == "worker":
        client.send(workers.edit(worker_id(client, place.name), **fields))
    elif place.kind == "user":
        client.send(users.edit(place.name, **fields))
    elif place.kind == "pool":
        client.send(pools.edit(place.name, **fields))
    elif place.kind == "branch":
        client.send(branches.edit(place.name, **fields))
    else:
        raise Refused(f"{place} names no worker, user, pool or branch")


def _delete(client: grange.client.Client, place: JobTarget | NamedTarget) -> None:
    if isinstance(place, JobTarget):
        client.send(jobs.remove(place.job))
    elif place.kind == "worker":
        client.send(workers.remove(worker_id(client, place.name)))
    elif place.kind == "user":
        client.send(users.remove(place.name))
    elif place.kind == "pool":
        client.send(pools.remove(place.name))
    else:
        client.send(branches.remove(place.name))


def _change(
    ctx: typer.Context,
    op: TaskOp,
    what: list[str],
    only: TaskFilter,
    yes: bool,
    with_depends: bool = False,
) -> None:
    """Do something to the tasks of each target."""
    places = [job_target(text) for text in what]
    told, asks = _DONE[op]
    if asks and only is TaskFilter.ALL and not all(place.tasks for place in places):
        listed = ", ".join(map(_title, places))
        sure(f"{op.value.capitalize()} all tasks of {listed}?", yes=yes)
    with farm(ctx) as client:
        for place in places:
            request = tasks.change(
                place.job,
                op,
                block=place.block,
                tasks=place.tasks,
                only=only,
                with_depends=with_depends,
            )
            changed = client.send(request)
            _tell(f"{count(changed, 'task')} of {_title(place)} {told}")


def _filter(only: TaskFilter, *, failed: bool) -> TaskFilter:
    return TaskFilter.FAILED if failed else only


def _title(place: JobTarget | NamedTarget) -> str:
    return f"job {place}" if isinstance(place, JobTarget) else str(place)


def _tell(text: str) -> None:
    from grange.cli.screen import show

    show(text)
