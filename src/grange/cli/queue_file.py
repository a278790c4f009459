"""A queue in a file: reading it, and sending its logs by themselves where they are many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from grange.cli.session import Refused
from grange.doors.pyfarm.dictionary import BadDictionary, Jobs
from grange.doors.pyfarm.json_form import from_json, to_json
from grange.doors.pyfarm.runs import log_of
from grange.doors.pyfarm.xml_in import DOCUMENT_MAX, read_xml

PIECE: Final = 1024 * 1024  # bytes read at once
LOGS_MAX: Final = 8 * 1024 * 1024  # bytes of logs in one request, or the log beyond

Logs = list[tuple[str, str, str | int, str]]  # of job, subjob and frame: what it wrote


def read(path: Path) -> Jobs:
    """Read a queue, XML or JSON.

    Raises:
        Refused: there is no such file, it is too large, or it is no queue.
    """
    try:
        size = path.stat().st_size
        if size > DOCUMENT_MAX:
            raise Refused(f"{path} has {size:,} bytes; a queue has at most {DOCUMENT_MAX:,}")
        with path.open("rb") as file:
            begins = file.read(PIECE).lstrip()
            file.seek(0)
            if begins.startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")):
                return read_xml(iter(lambda: file.read(PIECE), b""))
            return from_json(file.read())
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    except BadDictionary as error:
        raise Refused(f"{path}: {error}") from error


def as_json(jobs: Jobs) -> bytes:
    """Write a queue as one request takes it."""
    return to_json(jobs).encode("ascii")


def take_logs(jobs: Jobs) -> Logs:
    """Take the logs out where one request would be too long with them."""
    found = [
        (name, sub, key, frame)
        for name, job in jobs.items()
        for sub, subjob in job["subjobs"].items()
        for key, frame in subjob["frames"].items()
        if frame["stdout"] and isinstance(frame["stdout"], str)
    ]
    if sum(_length(frame["stdout"]) for *_, frame in found) <= LOGS_MAX:
        return []
    logs: Logs = []
    for name, sub, key, frame in found:
        logs.append((name, sub, key, frame["stdout"]))
        frame.setdefault("attempt", 1)  # that it has run is still to be seen
        frame["stdout_bytes"] = len(log_of(frame, name))
        frame["stdout"] = None
    return logs


def parcels(logs: Logs) -> Iterator[tuple[str, dict[str, Any]]]:
    """Put logs together as one request takes them: the job's key, and its dictionary."""
    size = 0
    job: str | None = None
    subjobs: dict[str, Any] = {}
    for name, sub, key, text in logs:
        length = _length(text)
        if job is not None and (name != job or size + length > LOGS_MAX):
            yield job, {job: {"subjobs": subjobs}}
            size, subjobs = 0, {}
        job = name
        size += length
        subjobs.setdefault(sub, {"frames": {}})["frames"][str(key)] = {"stdout": text}
    if job is not None:
        yield job, {job: {"subjobs": subjobs}}


def _length(text: str) -> int:
    """Bytes of a text in JSON: up to six times its characters."""
    return len(json.dumps(text))
