"""Routes of the dictionary, which the native API takes among its own."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream

from grange.core.commands import DeleteJob
from grange.doors.pyfarm import imports
from grange.doors.pyfarm.answers import (
    CHANGING,
    JSON,
    READING,
    XML,
    Gives,
    Takes,
    ValueSet,
    readable,
)
from grange.doors.pyfarm.changes import Setting, change
from grange.doors.pyfarm.dictionary import Form
from grange.doors.pyfarm.export import Detail, Log, Wanted, choose, named_job, told
from grange.doors.pyfarm.imports import Existing, Imported, LogsAdded
from grange.doors.pyfarm.json_form import JsonForm
from grange.doors.pyfarm.xml_out import XmlForm
from grange.model.spec import NAME_MAX
from grange.server.caller import Caller
from grange.server.refusal import BadField

TOKEN_MAX: Final = 200  # characters of an Idempotency-Key; a job's number comes behind it
KEY_MAX: Final = 4_096  # characters of a key of the dictionary
NUMBER_MAX: Final = 2**53 - 1  # what JavaScript counts exactly

Sender = NamedDependency[Caller]
Req = Request[Any, Any, Any]
FormName = Literal["", "json", "xml"]


def _only(what: str) -> Any:
    return QueryParameter(max_length=KEY_MAX, description=f"only this {what}, by its key")


@get(
    "/pyfarm/jobs",
    operation_id="pyfarmJobs",
    summary="The farm as PyFarm's dictionary",
    operation_class=Gives,
    responses=READING,
)
async def read_jobs(
    caller: Sender,
    request: Req,
    job: Annotated[str, _only("job")] = "",
    subjob: Annotated[str, _only("subjob of the job")] = "",
    frame: Annotated[str, _only("frame of the subjob")] = "",
    frames: Annotated[
        Detail, QueryParameter(description="frames whole, their numbers alone, or none")
    ] = "all",
    stdout: Annotated[
        Log,
        QueryParameter(description="the last 64 KiB of each log, none, or up to 16 MiB"),
    ] = "inline",
    form: Annotated[
        FormName, QueryParameter(name="format", description="else as `Accept` says")
    ] = "",
) -> Stream:
    """JSON, or XML by the schema `pyfarm.xsd`; each job as it was at one moment."""
    wanted = Wanted(job=job, subjob=subjob, frame=frame, frames=frames, stdout=stdout)
    _check_levels(wanted)
    kind = {"json": JSON, "xml": XML}.get(form) or _accepted(request)
    if kind == XML and frames != "all":
        raise BadField("XML is for keeping: its frames are whole", field="frames")
    writing: Form = XmlForm() if kind == XML else JsonForm()
    pieces = told(caller, choose(caller, wanted), wanted, writing)
    return Stream(pieces, media_type=kind)


def _check_levels(wanted: Wanted) -> None:
    if wanted.subjob and not wanted.job:
        raise BadField("a subjob is one of a job: say which", field="job")
    if wanted.frame and not wanted.subjob:
        raise BadField("a frame is one of a subjob: say which", field="subjob")


def _accepted(request: Req) -> str:
    found = request.accept.best_match([JSON, XML, "text/xml"], default=JSON)
    return JSON if found == JSON else XML


@post(
    "/pyfarm/jobs",
    operation_id="pyfarmImport",
    summary="Restore jobs of a dictionary",
    operation_class=Takes,
    responses=CHANGING,
)
async def import_jobs(
    caller: Sender,
    request: Req,
    user: Annotated[
        str,
        QueryParameter(max_length=NAME_MAX, description="whose they become; else as each says"),
    ] = "",
    existing: Annotated[
        Existing, QueryParameter(description="what to do with a job whose name there is already")
    ] = "refuse",
    token: Annotated[
        str,
        HeaderParameter(
            name="Idempotency-Key",
            max_length=TOKEN_MAX,
            description="the sender's own word for this import: sent again, it makes no job twice",
        ),
    ] = "",
) -> Imported:
    """The body is JSON or XML, ours or PyFarm's of 2009.

    Frames that are over stay over, and their logs are kept; what rendered is rendered again.
    """
    data = await request.body()
    with readable():
        return await imports.take(caller, data, user=user, existing=existing, token=token)


@post(
    "/pyfarm/logs",
    operation_id="pyfarmLogs",
    summary="Add logs to a restored job",
    status_code=200,
    operation_class=Takes,
    responses=CHANGING,
)
async def add_logs(
    caller: Sender,
    request: Req,
    job: Annotated[int, QueryParameter(ge=0, le=NUMBER_MAX, description="the job's number")],
) -> LogsAdded:
    """The body is a dictionary of which `stdout` is read: for logs that one body cannot hold."""
    data = await request.body()
    with readable():
        return await imports.add_logs(caller, job, data)


@patch(
    "/pyfarm/jobs",
    operation_id="pyfarmSet",
    summary="Set a value of the dictionary",
    responses=CHANGING,
)
async def set_value(caller: Sender, data: JSONBody[Setting]) -> ValueSet:
    """Such as `{"path": ["Job1", "status"], "value": "Paused"}`; says why where it cannot be."""
    with readable():
        return ValueSet(changed=await change(caller, data))


@delete(
    "/pyfarm/jobs",
    operation_id="pyfarmDelete",
    summary="Delete a job of the dictionary",
    responses=CHANGING,
)
async def delete_job(
    caller: Sender,
    job: Annotated[
        str, QueryParameter(min_length=1, max_length=KEY_MAX, description="the job's key")
    ],
) -> None:
    """Stop what runs of it, and forget it and its logs."""
    await caller.do(DeleteJob(job_id=named_job(caller, job).job_id))


ROUTES: Final = (read_jobs, import_jobs, add_logs, set_value, delete_job)
