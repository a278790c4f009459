"""`grange set`: one command for all that can be set."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import typer

import grange.client
from grange.cli.fields import EDITABLE, changes
from grange.cli.lookup import worker_id
from grange.cli.operate import edit_named
from grange.cli.options import Json
from grange.cli.session import NoneSuch, Refused, farm, now
from grange.cli.targets import JobTarget, NamedTarget, target
from grange.client import path_map
from grange.client.requests import branches, jobs, pools, users, workers
from grange.model.views import JobDetail

commands = typer.Typer()
NOT_SHOWN: Final = frozenset({"custom_data"})  # for scripts, and long


@commands.command("set", rich_help_panel="Steer jobs")
def set_fields(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="12, 12/0, worker:NAME, user:NAME, pool:/PATH or branch:/PATH."
        ),
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE", help="What to set; nothing to see what is set."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Set something on a job, a block, a worker, a user, a pool or a branch; or show it.

    [dim]grange set 12 priority=150 wait_until=+2h
    grange set 12/0 need_memory_mb=16G tickets=houdini=1
    grange set worker:node7 nimby=nobody
    grange set pool:/gpu pattern='gpu.*' tickets_pool=nuke=5[/]
    """
    place = target(what)
    kind = _kind(place)
    fields = changes(kind, values or (), now())
    with farm(ctx) as client:
        if fields:
            _edit(client, place, fields)
        found = _spec(client, place)
    from grange.cli import reports, screen

    shown = {
        name: value
        for name, value in msgspec.structs.asdict(found).items()
        if name in EDITABLE[kind][1] and name not in NOT_SHOWN and (not fields or name in fields)
    }
    if as_json:
        screen.write_json(shown)
    else:
        screen.show(*reports.settings(shown))


def _kind(place: JobTarget | NamedTarget) -> str:
    if isinstance(place, NamedTarget):
        return place.kind
    if place.tasks:
        raise Refused(
            f"{place}: a task has nothing of its own to set; its block has, {place.job}/N"
        )
    return "job" if place.block is None else "block"


def _edit(
    client: grange.client.Client, place: JobTarget | NamedTarget, fields: dict[str, Any]
) -> None:
    if isinstance(place, NamedTarget):
        edit_named(client, place, fields)
        return
    outgoing = path_map.fields_to_server(fields, path_map.find())
    if place.block is None:
        client.send(jobs.edit(place.job, **outgoing))
    else:
        client.send(jobs.edit_block(place.job, place.block, **outgoing))


def _spec(client: grange.client.Client, place: JobTarget | NamedTarget) -> msgspec.Struct:
    """All that is set on something."""
    if isinstance(place, JobTarget):
        return _spec_of_job(client.send(jobs.detail(place.job)), place)
    if place.kind == "worker":
        return client.send(workers.detail(worker_id(client, place.name))).spec
    if place.kind == "user":
        return client.send(users.detail(place.name)).spec
    found: list[tuple[str, msgspec.Struct]] = (
        [(item.path, item.spec) for item in client.send(pools.listed())]
        if place.kind == "pool"
        else [(item.path, item.spec) for item in client.send(branches.listed())]
    )
    path = "/" + place.name.strip("/")
    for known, spec_of in found:
        if known == path:
            return spec_of
    raise NoneSuch(f"there is no {place.kind} {path}")


def _spec_of_job(detail: JobDetail, place: JobTarget) -> msgspec.Struct:
    if place.block is None:
        return detail.spec
    own = [block.number for block in detail.job.blocks if not block.pre]  # as submitted
    if place.block not in own:
        raise NoneSuch(f"job {place.job} has no block {place.block} of its own")
    return detail.spec.blocks[own.index(place.block)]
