"""`grange pyfarm`: the farm as PyFarm's nested dictionary: look, keep, restore."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from grange.cli.options import Command, Group, Json
from grange.cli.session import NoneSuch, Refused, farm
from grange.client.errors import NotFound
from grange.client.requests import pyfarm as requests

PANEL: Final = "Farm"
STDOUT: Final = Path("-")
ANSWER_MAX_S: Final = 600.0  # for a farm of a hundred thousand frames with their logs
PATIENCE_S: Final = 10.0
LOGS: Final = {"none": "none", "tail": "inline", "full": "full"}

commands = typer.Typer()
pyfarm = typer.Typer(cls=Group, no_args_is_help=True)
commands.add_typer(
    pyfarm,
    name="pyfarm",
    help="The farm as PyFarm's dictionary: show it, keep it in a file, restore it.",
    rich_help_panel=PANEL,
)

LogsOption = Annotated[
    str, typer.Option("--logs", metavar="none|tail|full", help="How much of the logs.")
]


@pyfarm.command("show", cls=Command)
def show_jobs(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(metavar="[JOB]", help="A job's name: its frames.")] = "",
    subjob: Annotated[str, typer.Argument(metavar="[SUBJOB]", help="Only of this subjob.")] = "",
    as_json: Json = False,
) -> None:
    """List the jobs and their subjobs; or, of one job, each frame with its log.

    [dim]grange pyfarm show
    grange pyfarm show Job1 sub1[/]
    """
    path = (job, "subjobs", subjob) if subjob else (job,) if job else ()
    request = requests.read(path, frames="all" if job else "none")
    with farm(ctx) as client:
        try:
            found = client.send(request)
        except NotFound as error:
            raise NoneSuch(error.message) from error
    from grange.cli import screen

    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    elif job:
        for line in listing(found):
            sys.stdout.write(f"{line}\n")
    else:
        rows = (
            (
                screen.cut(name),
                screen.cut(sub),
                screen.clean(str(item["status"])),
                str(item["complete"]),
                str(item["failed"]),
                str(item["total"]),
            )
            for name, whole in found.items()
            for sub, item in _lines(whole)
        )
        columns = ("JOB~", "SUBJOB~", "STATUS", "COMPLETE>", "FAILED>", "TOTAL>")
        screen.show(screen.table(*columns, rows=rows))


def _lines(job: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "", {"status": job["status"], **job["frames"]}
    yield from job["subjobs"].items()


def listing(jobs: requests.Jobs) -> Iterator[str]:
    """Write frames as PyFarm's author printed them."""
    from grange.cli import screen

    for job in jobs.values():
        for subjob in job["subjobs"].values():
            for key, frame in subjob["frames"].items():
                yield f"Frame {screen.clean(str(key))}:"
                for name in ("status", "host", "pid", "command"):
                    word = "PID" if name == "pid" else name.capitalize()
                    yield f"\t{word}: {screen.clean(str(frame[name]))}"
                yield f"\tLog: {(frame['stdout'] or '').split(chr(10))}"


@pyfarm.command("export", cls=Command)
def export_jobs(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ends with .xml or .json; - is the output.")
    ] = STDOUT,
    job: Annotated[str, typer.Option("--job", metavar="NAME", help="Only this job.")] = "",
    logs: LogsOption = "full",
) -> None:
    """Keep the queue in a file: every job, its frames and their logs.

    [dim]grange pyfarm export queue.xml
    grange pyfarm export queue.json --job Job1 --logs none[/]
    """
    form = file.suffix.lower() or ".xml"
    if form not in (".xml", ".json"):
        raise Refused(f"{file}: its name ends with .xml or .json")
    kind: Any = form[1:]
    request = requests.export(kind, job=job, stdout=_log(logs))
    with farm(ctx, timeout_s=ANSWER_MAX_S) as client:
        try:
            data = client.send(request)
        except NotFound as error:
            raise NoneSuch(error.message) from error
    if file == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(data)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Refused(f"{file} cannot be written: {error.strerror}") from error
    from grange.cli import screen

    screen.say(f"{screen.clean(str(file))}: {len(data):,} bytes")


def _log(word: str) -> requests.Log:
    if word not in LOGS:
        raise Refused(f"--logs {word!r}: write {', '.join(LOGS)}")
    chosen: Any = LOGS[word]
    return chosen  # type: ignore[no-any-return]  # one of the words


@pyfarm.command("import", cls=Command)
def import_jobs(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="XML or JSON, also of 2009.")],
    user: Annotated[
        str, typer.Option("--user", metavar="NAME", help="Whose they become; else as each says.")
    ] = "",
    existing: Annotated[
        str,
        typer.Option(
            "--existing",
            metavar="refuse|skip|add",
            help="What to do with a job whose name there is already.",
        ),
    ] = "refuse",
    as_json: Json = False,
) -> None:
    """Restore a queue: what is finished stays finished, and its logs too.

    [dim]grange pyfarm import queue.xml
    grange pyfarm import queue.xml --existing skip --user ada[/]
    """
    if existing not in get_args(requests.Existing):
        raise Refused(f"--existing {existing!r}: write {', '.join(get_args(requests.Existing))}")
    chosen: Any = existing
    from grange.cli import queue_file

    jobs = queue_file.read(file)
    logs = queue_file.take_logs(jobs)
    data = queue_file.as_json(jobs)
    with farm(ctx, patience_s=PATIENCE_S, timeout_s=ANSWER_MAX_S) as client:
        request = requests.restore(
            data, user=user, existing=chosen, token=secrets.token_urlsafe(16)
        )
        found = client.send(request)
        ids = {job.key: job.job_id for job in found.jobs}
        sent = [log for log in logs if log[0] in ids]
        kept = sum(
            client.send(requests.add_logs(ids[key], part))
            for key, part in queue_file.parcels(sent)
        )
    from grange.cli import screen

    if as_json:
        screen.write_json(found)
        return
    screen.show(
        screen.table(
            "ID>", "JOB~", rows=((str(job.job_id), screen.cut(job.key)) for job in found.jobs)
        )
    )
    for note in found.notes:
        screen.say(screen.clean(note))
    if kept < len(sent):
        screen.say(f"{len(sent) - kept} logs were not kept: their frames have another one")
