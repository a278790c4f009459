"""Requests about the farm as PyFarm's nested dictionary."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from grange.client.requests.message import (
    API,
    Reply,
    Request,
    delete,
    get,
    patch,
    reads,
    reads_member,
)

Path = tuple[str | int, ...]  # keys from the outside in
Jobs = dict[str, dict[str, Any]]
Log = Literal["inline", "none", "full"]
Detail = Literal["all", "numbers", "none"]
Existing = Literal["refuse", "skip", "add"]

_PLACE: Final = "/pyfarm/jobs"
_NUMBER: Final = re.compile(r"-?[1-9][0-9]{0,17}|0")
_XML: Final = {"Content-Type": "application/xml"}
_JSON: Final = {"Content-Type": "application/json"}


class ImportedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that the farm has taken."""

    key: str  #: in the dictionary that was sent
    job_id: int
    again: bool  #: it was taken before, under the same token


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a dictionary."""

    jobs: tuple[ImportedJob, ...]
    notes: tuple[str, ...]  #: what is not as it said, a sentence each


def read(
    path: Sequence[str | int] = (), *, frames: Detail = "all", stdout: Log = "inline"
) -> Request[Jobs]:
    """Ask for the dictionary, or for what leads to one job, subjob or frame.

    Args:
        path: keys of the dictionary; those below a frame do not matter.
        frames: whole, their numbers alone, or none.
        stdout: the end of each log, none, or as much as there may be.
    """
    return get(_PLACE, _read_jobs, frames=frames, stdout=stdout, format="json", **_named(path))


def export(form: Literal["json", "xml"], *, job: str = "", stdout: Log = "full") -> Request[bytes]:
    """Ask for the dictionary as it is kept in a file."""
    return get(_PLACE, _body, job=job, stdout=stdout, format=form)


def put(path: Sequence[str | int], value: Any) -> Request[int]:
    """Set a value. Reads how many jobs, subjobs or frames were changed."""
    return patch(_PLACE, reads_member("changed", int), {"path": list(path), "value": value})


def put_job(name: str, job: Mapping[str, Any]) -> Request[Imported]:
    """Make a job of a dictionary."""
    return restore(json.dumps({name: job}).encode())


def restore(
    data: bytes, *, user: str = "", existing: Existing = "refuse", token: str = ""
) -> Request[Imported]:
    """Restore the jobs of a dictionary, XML or JSON.

    Args:
        data: the dictionary.
        user: whose they become; "" as each says.
        existing: what to do with a job whose name there is already.
        token: to recognise the import by, so that it may be sent again.
    """
    asked = {"user": user, "existing": existing}
    return Request(
        method="POST",
        path=API + _PLACE,
        read=reads(Imported),
        params={name: value for name, value in asked.items() if value},
        headers=_kind(data) | ({"Idempotency-Key": token} if token else {}),
        body=data,
        repeatable=bool(token),
    )


def add_logs(job_id: int, jobs: Mapping[str, Any]) -> Request[int]:
    """Add logs to a job that was restored. Reads how many were kept."""
    return Request(
        method="POST",
        path=f"{API}/pyfarm/logs",
        read=reads_member("kept", int),
        params={"job": str(job_id)},
        headers=_JSON,
        body=json.dumps(jobs).encode(),
        repeatable=True,
    )


def remove(name: str) -> Request[None]:
    """Delete a job."""
    return delete(_PLACE, job=name)


def numbered(text: str) -> str | int:
    """Give a frame's key as it is in the dictionary: JSON has texts alone."""
    return int(text) if _NUMBER.fullmatch(text) else text


def _named(path: Sequence[str | int]) -> dict[str, str]:
    """The parameters that lead to a path: job, `subjobs`, subjob, `frames`, frame."""
    found = {"job": path[0:1], "subjob": path[2:3], "frame": path[4:5]}
    inside = path[1:2] == ("subjobs",)
    if not inside:
        del found["subjob"], found["frame"]
    elif path[3:4] != ("frames",):
        del found["frame"]
    return {name: str(keys[0]) for name, keys in found.items() if keys}


def _kind(data: bytes) -> dict[str, str]:
    return dict(_XML if data[:64].lstrip()[:1] == b"<" else _JSON)


def _read_jobs(reply: Reply) -> Jobs:
    """Read the dictionary; what a log says need not be text, which msgspec would refuse."""
    try:
        jobs = json.loads(reply.body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    for job in _values(jobs):
        for subjob in _values(job["subjobs"]):
            frames = subjob["frames"]
            _values(frames)
            subjob["frames"] = {numbered(key): frame for key, frame in frames.items()}
    found: Jobs = jobs
    return found


def _values(items: Any) -> list[dict[str, Any]]:
    """The values of a dictionary of dictionaries."""
    if not isinstance(items, dict) or not all(isinstance(item, dict) for item in items.values()):
        raise ValueError("not a dictionary of dictionaries")
    return list(items.values())


def _body(reply: Reply) -> bytes:
    return reply.body
