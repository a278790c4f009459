"""The dictionary as JSON: numbers of frames are texts there, and become numbers again.

Python's own encoder, not msgspec's: half of a surrogate pair, which stands for a byte of a
log that is no text, comes through it.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, NoReturn

from grange.doors.pyfarm.dictionary import (
    BadDictionary,
    FrameKey,
    Jobs,
    normal,
    place,
    written,
)


def dump(value: object, at: str) -> str:
    """Write one value as JSON.

    Raises:
        BadDictionary: it is not a value of JSON, or would be read as another one.
    """
    text = _dumped(value, at)
    if isinstance(value, dict | list | tuple) and json.loads(text) != value:
        raise BadDictionary(f"{at} is not what JSON would give back: {text[:80]}")
    return text


def _dumped(value: object, at: str) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadDictionary(f"{at} cannot be written as JSON: {error}") from error


def load(text: str | bytes) -> Any:
    """Read one value of JSON.

    Raises:
        BadDictionary: it is none.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise BadDictionary("not JSON that can be read: nested too deeply") from error
    except ValueError as error:
        raise BadDictionary(f"not JSON: {error}") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON can hold")


def _finite(text: str) -> float:
    value = float(text)
    return value if isfinite(value) else _refuse(text[:40])


class JsonForm:
    """The dictionary as one JSON object."""

    def __init__(self) -> None:
        self._comma = ""

    def begin(self) -> str:
        """What stands before the jobs."""
        return "{"

    def job(self, name: str, head: dict[str, Any]) -> str:
        """A job, but for its subjobs."""
        return self._opened(name, head, "subjobs", place(name))

    def subjob(self, name: str, head: dict[str, Any]) -> str:
        """A subjob of the last job, but for its frames."""
        return self._opened(name, head, "frames", f"subjob {name!r}")

    def frame(self, key: FrameKey, frame: dict[str, Any]) -> str:
        """A frame of the last subjob."""
        text = f"{self._comma}{json.dumps(str(key))}:{_dumped(frame, f'frame {key!r}')}"
        self._comma = ",\n"
        return text

    def end_subjob(self) -> str:
        """The end of a subjob."""
        self._comma = ","
        return "}}"

    end_job = end_subjob

    def end(self) -> str:
        """What stands after the jobs."""
        return "}\n"

    def _opened(self, name: str, head: dict[str, Any], below: str, at: str) -> str:
        inside = _dumped(head, at)[:-1]
        comma, self._comma = self._comma, ""
        return f'{comma}{json.dumps(name)}:{inside}{", " if head else ""}"{below}":{{'


def to_json(jobs: Jobs) -> str:
    """Write a dictionary."""
    return "".join(written(JsonForm(), jobs))


def from_json(data: bytes | str) -> Jobs:
    """Read a dictionary.

    Raises:
        BadDictionary: it is not JSON, or of another shape.
    """
    return normal(load(data))
