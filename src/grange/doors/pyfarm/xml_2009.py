"""The XML that PyFarm wrote in 2009: numbers for states, `None` as text, no log but its path.

What rendered was saved as waiting. A frame of several render layers is there several times:
the first keeps its number, the others add their `id` to it. Counts are made anew, for the
program counted wrong; the paths of logs are kept as text and never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from grange.doors.pyfarm.dictionary import (
    FRAMES_MAX,
    SHOWN_MAX,
    BadDictionary,
    FrameKey,
    Jobs,
    frame_key,
)
from grange.doors.pyfarm.words import WORDS_2009, tally_words

_CHILDREN: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"Jobs"}),
    "Jobs": frozenset({"job"}),
    "job": frozenset({"subjob"}),
    "subjob": frozenset({"statistics", "entry"}),
    "statistics": frozenset({"frames"}),
}
_EMPTY: Final = frozenset({"", "None"})
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_PART: Final = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}")


class Jobs2009:
    """Reads documents of 2009."""

    def __init__(self) -> None:
        self.jobs: Jobs = {}
        self.frames = 0
        self._path = [""]
        self._job: dict[str, Any] = {}
        self._subjob: dict[str, Any] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        inside = self._path[-1]
        if tag not in _CHILDREN.get(inside, ()):
            raise BadDictionary(f"<{tag[:SHOWN_MAX]}> cannot stand in <{inside}>")
        self._path.append(tag)
        if tag == "job":
            self._begin_job(attributes)
        elif tag == "subjob":
            self._begin_subjob(attributes)
        elif tag == "entry":
            self._entry(attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._path.pop()
        if tag == "subjob":
            found = tally_words(frame["status"] for frame in self._subjob["frames"].values())
            self._subjob |= {"status": found.status, **found.counts}
        elif tag == "job":
            subjobs = self._job["subjobs"].values()
            frames = [frame for subjob in subjobs for frame in subjob["frames"].values()]
            found = tally_words(frame["status"] for frame in frames)
            self._job |= {"status": found.status, "frames": found.counts}

    def text(self, data: str) -> None:
        """Text within an element: there is none but blanks."""
        if not data.isspace():
            raise BadDictionary(f"text in <{self._path[-1]}>: {data.strip()[:SHOWN_MAX]!r}")

    def _begin_job(self, attributes: dict[str, str]) -> None:
        self._job = {"status": None, "frames": {}, "subjobs": {}}
        self._put(self.jobs, attributes.get("name"), self._job, "job")

    def _begin_subjob(self, attributes: dict[str, str]) -> None:
        counts = {"complete": 0, "total": 0, "failed": 0}
        self._subjob = {"status": None, **counts, "frames": {}}
        if (priority := _value(attributes.get("priority"))) is not None:
            self._subjob["priority"] = priority
        self._put(self._job["subjobs"], attributes.get("subid"), self._subjob, "subjob")

    def _put(self, into: dict[str, Any], name: str | None, value: Any, what: str) -> None:
        if name is None or name in into:
            why = "has no name" if name is None else f"{name[:SHOWN_MAX]!r} is there twice"
            raise BadDictionary(f"a {what} {why}")
        into[name] = value

    def _entry(self, attributes: dict[str, str]) -> None:
        self.frames += 1
        if self.frames > FRAMES_MAX:
            raise BadDictionary(f"more than {FRAMES_MAX} frames")
        number = attributes.pop("num", None)
        if number is None:
            raise BadDictionary("an <entry> has no num")
        status = attributes.pop("status", "0")
        if status not in ("0", "1", "2", "3"):
            raise BadDictionary(f"status {status[:SHOWN_MAX]!r}; it is from 0 to 3")
        pid = _value(attributes.pop("pid", None))
        frame = {
            "status": WORDS_2009[int(status)],
            "host": _known(attributes.pop("host", None)),
            "pid": pid if isinstance(pid, int) else None,
            "command": _known(attributes.pop("command", None)),
            "stdout": None,
        }
        layer = attributes.get("id", "")
        more = {key: _value(value) for key, value in attributes.items() if key not in frame}
        if layer:
            more["id"] = layer  # a hexadecimal number, or what looks like one
        frames: dict[FrameKey, Any] = self._subjob["frames"]
        key = frame_key(number)
        if key in frames:
            key = f"{number}#{layer}"
        if key in frames:
            raise BadDictionary(f"frame {key!r} is there twice")
        frames[key] = frame | more


def _known(text: str | None) -> str | None:
    return None if text is None or text in _EMPTY else text


def _value(text: str | None) -> int | float | str | None:
    """A number where it is written as one; None for what stands for nothing."""
    known = _known(text)
    if known is None:
        return None
    if _WHOLE.fullmatch(known):
        return int(known)
    return float(known) if _PART.fullmatch(known) else known
