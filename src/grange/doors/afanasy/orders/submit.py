"""The request that submits a job."""

from __future__ import annotations

from grange.core.commands import SubmitJob, Submitted
from grange.core.errors import Rejected
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.orders.reading import read_job
from grange.doors.afanasy.orders.words import theirs
from grange.doors.afanasy.reply import Reply
from grange.server.caller import Caller
from grange.server.refusal import Refusal


async def submit(raw: object, caller: Caller) -> Reply:
    """Submit a job; the answer has its number, or 0 and a sentence that says why not."""
    try:
        spec = read_job(raw)
        done: Submitted = await caller.do(SubmitJob(spec=spec, user=spec.user))
    except Refusal as why:
        return _refused(str(why))
    except Rejected as why:
        return _refused(f"{theirs(why.field)}: {why}" if why.field else str(why))
    return Reply(body={"id": shown_job(done.job_id), "serial": done.job_id})


def _refused(why: str) -> Reply:
    return Reply(body={"id": 0, "error": why})
