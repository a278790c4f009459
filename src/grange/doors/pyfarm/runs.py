"""A frame of the dictionary -> the run that it tells of, and its log."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

import msgspec

from grange.core.commands import RestoredRun
from grange.doors.pyfarm.dictionary import BadDictionary
from grange.doors.pyfarm.words import COMPLETE, FAILED
from grange.model.run import RunResult
from grange.model.spec import NAME_MAX
from grange.model.states import RunStatus

RUN_KEYS: Final = frozenset({"start", "end", "attempt", "result"})
_TELLING: Final = ("host", "pid", "stdout", "result", "start", "end", "attempt")
_STATUS: Final = {COMPLETE: RunStatus.DONE, FAILED: RunStatus.FAILED}
NOT_OVER: Final = "it was not over when the queue was saved"
_PID_MAX: Final = 2**63 - 1


def log_of(frame: Mapping[str, Any], at: str) -> bytes:
    """What a frame wrote, byte by byte."""
    text = frame["stdout"]
    if text is None:
        return b""
    if not isinstance(text, str):
        raise BadDictionary(f"{at}['stdout'] is to be text, not {type(text).__name__}")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # other halves of characters than those that stand for bytes
        return text.encode("utf-8", "surrogatepass")


def run_of(
    frame: Mapping[str, Any], block: int, task: int, log_bytes: int, at: str
) -> RestoredRun | None:
    """The run that a frame tells of; None where it tells of none."""
    if not any(frame.get(key) for key in _TELLING):
        return None
    host = frame["host"] or ""
    if not isinstance(host, str) or len(host) > NAME_MAX:
        raise BadDictionary(f"{at}['host'] is to be a name of at most {NAME_MAX} characters")
    attempt = frame.get("attempt", 1)
    if isinstance(attempt, bool) or not isinstance(attempt, int):
        raise BadDictionary(f"{at}['attempt'] is {attempt!r}, which is no whole number")
    started, ended = _time(frame, "start", at), _time(frame, "end", at)
    return RestoredRun(
        block=block,
        task=task,
        worker=host,
        attempt=attempt,
        started=min(started, ended or started),
        ended=ended,
        result=_result(frame, log_bytes, at),
    )


def _time(frame: Mapping[str, Any], key: str, at: str) -> float:
    value = frame.get(key) or 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not _in_time(value):
        raise BadDictionary(f"{at}['{key}'] is {value!r}; it is seconds since 1970")
    return float(value)


def _in_time(value: float) -> bool:
    return 0 <= value < 2**53 and isfinite(value)


def _result(frame: Mapping[str, Any], log_bytes: int, at: str) -> RunResult:
    pid = frame["pid"] or 0
    if isinstance(pid, bool) or not isinstance(pid, int) or not 0 <= pid <= _PID_MAX:
        raise BadDictionary(f"{at}['pid'] is {pid!r}, which is no number of a process")
    said = frame.get("result")
    if not log_bytes and isinstance(said_bytes := frame.get("stdout_bytes"), int):
        log_bytes = said_bytes  # the log comes by itself
    if said is None:
        status = _STATUS.get(frame["status"], RunStatus.LOST)
        message = NOT_OVER if status is RunStatus.LOST else ""
        return RunResult(status=status, message=message, log_bytes=log_bytes, pid=pid)
    try:
        result = msgspec.convert(said, RunResult)
    except msgspec.ValidationError as error:
        raise BadDictionary(f"{at}['result']: {error}") from error
    return msgspec.structs.replace(result, log_bytes=log_bytes, pid=pid)
