"""`grange afanasy job`: a scene, given to the farm as CGRU's `afjob.py` does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typing_extensions import override

from grange.cli.afanasy.group import ServerRefused, afanasy, ask, place
from grange.cli.options import Command, Json
from grange.cli.session import Refused

WORK, NEEDS, JOB, MOVIE = "What to render", "What it needs", "The job", "A movie of it"


class OneDash(Command):
    """A command whose long options may be written with one dash, as afjob.py has them."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give each of them its second dash; numbers below 0 stay as they are."""
        known = {name for param in self.params for name in param.opts}
        words = [f"-{word}" if f"-{word}" in known else word for word in args]
        return super().parse_args(ctx, words)


def _option(name: str, metavar: str, text: str, panel: str, *others: str) -> Any:
    return typer.Option(
        f"--{name}",
        *others,
        metavar=metavar,
        help=text,
        rich_help_panel=panel,
        show_default=panel == WORK,  # elsewhere it is that the server decides
    )


def _flag(name: str, text: str, panel: str) -> Any:
    return typer.Option(f"--{name}", help=text, rich_help_panel=panel)


@afanasy.command("job", cls=OneDash, context_settings={"ignore_unknown_options": True})
def submit(
    ctx: typer.Context,
    scene: Annotated[
        str, typer.Argument(metavar="SCENE", help="Its ending says which program renders it.")
    ],
    first: Annotated[int, typer.Argument(metavar="FIRST", help="The first frame.")],
    last: Annotated[int, typer.Argument(metavar="LAST", help="The last frame.")],
    by: Annotated[int, _option("by", "N", "Every so many frames.", WORK)] = 1,
    fpt: Annotated[int, _option("fpt", "N", "Frames of one task.", WORK, "--fpr")] = 1,
    seq: Annotated[
        int, _option("seq", "N", "Order: -1 backward, 0 the middle, N every N-th first.", WORK)
    ] = 1,
    pwd: Annotated[str, _option("pwd", "FOLDER", "Where to run; else here.", WORK)] = "",
    proj: Annotated[str, _option("proj", "FOLDER", "The program's project.", WORK)] = "",
    node: Annotated[
        str, _option("node", "NAME", "What of the scene: a driver, a camera, an image.", WORK)
    ] = "",
    service: Annotated[str, _option("type", "NAME", "Another service than is usual.", WORK)] = "",
    take: Annotated[str, _option("take", "NAME", "Take, pass, layer or template.", WORK)] = "",
    ignoreinputs: Annotated[
        bool, _flag("ignoreinputs", "Do not render what the node depends on.", WORK)
    ] = False,
    program: Annotated[
        str, _option("exec", "COMMAND", "In the place of the program's name.", WORK)
    ] = "",
    extrargs: Annotated[str, _option("extrargs", "WORDS", "More arguments.", WORK)] = "",
    output: Annotated[
        str, _option("output", "PATTERN", "Where the program writes: out/a.####.png", WORK)
    ] = "",
    images: Annotated[
        str,
        _option("images", "PATTERN", "What people look at: img.%04d.png", WORK, "--image"),
    ] = "",
    script: Annotated[
        str, _option("script", "FILE", "A script that the program runs.", WORK)
    ] = "",
    noscript: Annotated[
        bool, _flag("noscript", "Run none; this is always so unless --script names one.", WORK)
    ] = False,
    simulate: Annotated[
        bool, _flag("simulate", "Tell a script of Softimage to simulate.", WORK)
    ] = False,
    varirender: Annotated[
        tuple[str, int, int, int] | None,
        _option(
            "varirender",
            "ATTR START STEP COUNT",
            "Vary a parameter of Softimage's script.",
            WORK,
        ),
    ] = None,
    file: Annotated[str, typer.Option("--file", hidden=True, help="Nothing, as ever.")] = "",
    tempscene: Annotated[bool, _flag("tempscene", "Render a copy of the scene.", WORK)] = False,
    deletescene: Annotated[
        bool, _flag("deletescene", "Delete the scene with the job.", WORK)
    ] = False,
    systems: Annotated[str, _option("os", "MASK", "Systems; any for all.", NEEDS)] = "",
    hostsmask: Annotated[str, _option("hostsmask", "MASK", "Only these hosts.", NEEDS)] = "",
    hostsexcl: Annotated[str, _option("hostsexcl", "MASK", "Not these hosts.", NEEDS)] = "",
    maxruntasks: Annotated[
        int, _option("maxruntasks", "N", "Tasks at once.", NEEDS, "--maxhosts")
    ] = -1,
    maxtasksperhost: Annotated[
        int, _option("maxtasksperhost", "N", "Tasks at once on a host.", NEEDS)
    ] = -1,
    maxruntime: Annotated[
        int, _option("maxruntime", "SECONDS", "Longest time of a task.", NEEDS)
    ] = 0,
    capacity: Annotated[int, _option("capacity", "N", "What a task takes.", NEEDS)] = -1,
    capmin: Annotated[
        int, _option("capmin", "N", "At least so many times --capacity.", NEEDS)
    ] = -1,
    capmax: Annotated[
        int, _option("capmax", "N", "At most so many times --capacity.", NEEDS)
    ] = -1,
    name: Annotated[str, _option("name", "NAME", "What the job is called.", JOB)] = "",
    priority: Annotated[int, _option("priority", "0-250", "Greater goes first.", JOB)] = -1,
    pause: Annotated[bool, _flag("pause", "Start nothing yet.", JOB)] = False,
    lifetime: Annotated[
        int, _option("lifetime", "SECONDS", "Delete the job after so long.", JOB)
    ] = -1,
    depmask: Annotated[
        str, _option("depmask", "PATTERN", "After this user's jobs of such names.", JOB)
    ] = "",
    depglbl: Annotated[
        str, _option("depglbl", "PATTERN", "After all users' jobs of such names.", JOB)
    ] = "",
    mname: Annotated[str, _option("mname", "FILE", "Make a movie of the images.", MOVIE)] = "",
    mcodec: Annotated[
        str, _option("mcodec", "NAME", "The movie's codec, as ffmpeg has it.", MOVIE)
    ] = "",
    mres: Annotated[str, _option("mres", "WxH", "The movie's size.", MOVIE)] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write the job as JSON; send nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Submit a scene: its ending picks the service and the command line.

    [dim]grange afanasy job scene.blend 1 100
    grange afanasy job film.hip 1 250 --fpt 5 --node /out/mantra1 --name film[/]

    afjob.py's own way of writing options, [bold]-fpt 5[/], is understood, too.
    """
    from grange.af.afjob import BadScene, Options, Variation, job_of

    host, port = place(ctx)
    said = Options(
        scene=scene,
        first=first,
        last=last,
        by=by,
        fpt=fpt,
        seq=seq,
        pwd=pwd or os.environ.get("PWD", "") or str(Path.cwd()),
        proj=proj,
        node=node,
        type=service,
        take=take,
        ignoreinputs=ignoreinputs,
        exec=program,
        extrargs=extrargs,
        output=output,
        images=images,
        script="" if noscript else script,
        simulate=simulate,
        varirender=None if varirender is None else Variation(*varirender),
        tempscene=tempscene and not dry_run,
        deletescene=deletescene,
        os=systems,
        hostsmask=hostsmask,
        hostsexcl=hostsexcl,
        maxruntasks=maxruntasks,
        maxtasksperhost=maxtasksperhost,
        maxruntime=maxruntime,
        capacity=capacity,
        capmin=capmin,
        capmax=capmax,
        name=name,
        priority=priority,
        pause=pause,
        lifetime=lifetime,
        depmask=depmask,
        depglbl=depglbl,
        mname=mname,
        mcodec=mcodec,
        mres=mres,
    )
    try:
        made = job_of(said, host, port)
    except BadScene as error:
        raise Refused(str(error)) from error
    _deliver(ctx, made.request(), dry_run=dry_run, as_json=as_json)


def _deliver(ctx: typer.Context, root: dict[str, Any], *, dry_run: bool, as_json: bool) -> None:
    """Send a job and say its number, or write it only."""
    from grange.af.job import number, refusal
    from grange.cli import screen
    from grange.cli.afanasy import pages

    if dry_run:
        screen.write_json(root)
        return
    reply = ask(ctx, root)
    if not number(reply):
        raise ServerRefused(refusal(reply))
    if as_json:
        pages.write_json(reply)
    else:
        screen.show(f"job {number(reply)} {screen.clean(root['job']['name'])}")
