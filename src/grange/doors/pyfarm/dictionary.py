"""The shape of the dictionary: jobs by name, in them subjobs by name, in them frames by number.

What is no JSON value cannot be in it, and neither can what stands for nothing. `None` is
written by leaving out, and read where something is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

Jobs = dict[str, dict[str, Any]]
FrameKey = int | str

COUNTS: Final = ("complete", "total", "failed")
FRAME: Final = ("status", "host", "pid", "command", "stdout")  # what every frame says
NUMBER_MAX: Final = 10**18  # what is written as a number is smaller than this, either way
FRAMES_MAX: Final = 2_000_000  # of one document; each is a dictionary in memory
SHOWN_MAX: Final = 80  # characters of a key or a foreign word in a sentence
_NUMBER: Final = re.compile(r"-?[1-9][0-9]{0,17}|0")


class BadDictionary(ValueError):
    """A dictionary, or a file of one, that cannot be read; the text says where and why."""


def frame_key(text: str) -> FrameKey:
    """A frame's key: a number where it is written as numbers are, else the text."""
    return int(text) if _NUMBER.fullmatch(text) else text


def place(*keys: object) -> str:
    """Where something is, as one would write it in Python."""
    return "jobs" + "".join(f"[{_shown(key)}]" for key in keys)


def _shown(key: object) -> str:
    text = repr(key)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."


def normal(jobs: object) -> Jobs:
    """Check the shape, and make keys of frames the numbers that they are.

    Raises:
        BadDictionary: says where it is of another shape.
    """
    return {
        _name(name, "jobs"): _job(job, place(name)) for name, job in _mapping(jobs, "jobs").items()
    }


def _job(job: object, at: str) -> dict[str, Any]:
    found = dict(_mapping(job, at))
    for key in found:
        _name(key, at)
    if "frames" in found:
        found["frames"] = dict(_mapping(found["frames"], f"{at}['frames']"))
    subjobs = _mapping(found.get("subjobs", {}), f"{at}['subjobs']")
    found["subjobs"] = {
        _name(name, f"{at}['subjobs']"): _subjob(subjob, f"{at}['subjobs'][{_shown(name)}]")
        for name, subjob in subjobs.items()
    }
    return found


def _subjob(subjob: object, at: str) -> dict[str, Any]:
    found = dict(_mapping(subjob, at))
    for key in found:
        _name(key, at)
    frames: dict[FrameKey, dict[str, Any]] = {}
    inside = f"{at}['frames']"
    for key, frame in _mapping(found.get("frames", {}), inside).items():
        number = frame_key(key) if isinstance(key, str) else key
        if isinstance(number, bool) or not isinstance(number, int | str):
            raise BadDictionary(f"{inside}: the key {_shown(key)} is neither number nor text")
        if isinstance(number, int) and abs(number) >= NUMBER_MAX:
            raise BadDictionary(f"{inside}: a number of more than 18 digits")
        if number in frames:
            raise BadDictionary(f"{inside}: frame {_shown(number)} is there twice")
        here = f"{inside}[{_shown(number)}]"
        whole = dict.fromkeys(FRAME) | dict(_mapping(frame, here))
        for name in whole:
            _name(name, here)
        frames[number] = whole
    found["frames"] = frames
    return found


def _mapping(value: object, at: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise BadDictionary(f"{at} is to be a dictionary, not {type(value).__name__}")
    return value


def _name(key: object, at: str) -> str:
    if not isinstance(key, str):
        raise BadDictionary(f"{at}: the key {_shown(key)} is not text")
    return key


class Form(Protocol):
    """A way of writing the dictionary down, piece by piece and in order."""

    def begin(self) -> str:
        """What stands before the jobs."""

    def job(self, name: str, head: dict[str, Any]) -> str:
        """A job, but for its subjobs."""

    def subjob(self, name: str, head: dict[str, Any]) -> str:
        """A subjob of the last job, but for its frames."""

    def frame(self, key: FrameKey, frame: dict[str, Any]) -> str:
        """A frame of the last subjob."""

    def end_subjob(self) -> str:
        """The end of a subjob."""

    def end_job(self) -> str:
        """The end of a job."""

    def end(self) -> str:
        """What stands after the jobs."""


def written(form: Form, jobs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Write a dictionary of the right shape.

    Raises:
        BadDictionary: it holds what the form cannot carry.
    """
    yield form.begin()
    for name, job in jobs.items():
        yield form.job(name, _without(job, "subjobs"))
        for sub, subjob in job.get("subjobs", {}).items():
            yield form.subjob(sub, _without(subjob, "frames"))
            for key, frame in subjob.get("frames", {}).items():
                yield form.frame(key, frame)
            yield form.end_subjob()
        yield form.end_job()
    yield form.end()


def _without(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}
