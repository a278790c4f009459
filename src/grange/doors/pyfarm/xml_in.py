"""XML -> the dictionary, without trusting it.

Expat tells of each element as it comes; nothing is built that is not asked for. A document
type is refused at its first word, so there are no entities and nothing is fetched; an element
that may not stand where it stands is refused at its beginning, so nothing nests deeper than
the dictionary does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, Protocol
from xml.parsers import expat

from grange.doors.pyfarm.dictionary import (
    COUNTS,
    FRAME,
    FRAMES_MAX,
    SHOWN_MAX,
    BadDictionary,
    FrameKey,
    Jobs,
    frame_key,
)
from grange.doors.pyfarm.json_form import load
from grange.doors.pyfarm.xml_2009 import Jobs2009
from grange.doors.pyfarm.xml_out import VERSION

DOCUMENT_MAX: Final = 512 * 1024 * 1024  # bytes
_CHILDREN: Final[Mapping[str, frozenset[str]]] = {
    "jobs": frozenset({"job"}),
    "job": frozenset({"extra", "subjob"}),
    "subjob": frozenset({"extra", "frame"}),
    "frame": frozenset({"command", "stdout", "extra"}),
}
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")


class _Reading(Protocol):
    """Reads the elements of one kind of document."""

    jobs: Jobs
    frames: int  #: how many were read

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Text within an element."""


class _Jobs1:
    """Reads documents of version 1."""

    def __init__(self) -> None:
        self.jobs: Jobs = {}
        self.frames = 0
        self._path: list[str] = []
        self._job: dict[str, Any] = {}
        self._subjob: dict[str, Any] = {}
        self._frame: dict[str, Any] = {}
        self._text: list[str] = []
        self._base64 = False
        self._begin = {
            "jobs": self._begin_jobs,
            "job": self._begin_job,
            "subjob": self._begin_subjob,
            "frame": self._begin_frame,
            "command": self._begin_text,
            "stdout": self._begin_text,
            "extra": self._begin_extra,
        }

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self._path:
            inside = self._path[-1]
            if tag not in _CHILDREN.get(inside, ()):
                raise BadDictionary(f"<{tag[:SHOWN_MAX]}> cannot stand in <{inside}>")
        self._path.append(tag)
        self._begin[tag](attributes)
        if attributes:
            name = min(attributes)[:SHOWN_MAX]
            raise BadDictionary(f"<{tag}> has an attribute {name!r} that is not known")

    def end(self, tag: str) -> None:
        """An element ends."""
        self._path.pop()
        if tag in ("command", "stdout"):
            text = "".join(self._text)
            if self._frame[tag] is not None:
                raise BadDictionary(f"a frame has <{tag}> twice")
            self._frame[tag] = _from_base64(text) if self._base64 else text

    def text(self, data: str) -> None:
        """Text within an element."""
        if self._path[-1] in ("command", "stdout"):
            self._text.append(data)
        elif not data.isspace():
            raise BadDictionary(f"text in <{self._path[-1]}>: {data.strip()[:SHOWN_MAX]!r}")

    def _begin_jobs(self, attributes: dict[str, str]) -> None:
        version = _needed(attributes, "jobs", "version")
        if version != VERSION:
            raise BadDictionary(
                f"version {version[:SHOWN_MAX]!r} of the dictionary; {VERSION} is known"
            )

    def _begin_job(self, attributes: dict[str, str]) -> None:
        name = _needed(attributes, "job", "name")
        self._job = {
            "status": attributes.pop("status", None),
            "frames": _counts(attributes),
            "subjobs": {},
        }
        _put(self.jobs, name, self._job, "job")

    def _begin_subjob(self, attributes: dict[str, str]) -> None:
        name = _needed(attributes, "subjob", "name")
        status = {"status": attributes.pop("status", None)}
        self._subjob = {**status, **_counts(attributes), "frames": {}}
        _put(self._job["subjobs"], name, self._subjob, "subjob")

    def _begin_frame(self, attributes: dict[str, str]) -> None:
        self.frames += 1
        if self.frames > FRAMES_MAX:
            raise BadDictionary(f"more than {FRAMES_MAX} frames")
        key = frame_key(_needed(attributes, "frame", "number"))
        self._frame = dict.fromkeys(FRAME)
        self._frame["status"] = attributes.pop("status", None)
        self._frame["host"] = attributes.pop("host", None)
        self._frame["pid"] = _number(attributes, "pid")
        frames: dict[FrameKey, Any] = self._subjob["frames"]
        if key in frames:
            raise BadDictionary(f"frame {key!r} is there twice")
        frames[key] = self._frame

    def _begin_text(self, attributes: dict[str, str]) -> None:
        encoding = attributes.pop("encoding", None)
        if encoding not in (None, "base64"):
            raise BadDictionary(f"encoding {encoding[:SHOWN_MAX]!r}; only base64 is known")
        self._base64 = encoding is not None
        self._text = []

    def _begin_extra(self, attributes: dict[str, str]) -> None:
        key = _needed(attributes, "extra", "key")
        value = load(_needed(attributes, "extra", "json"))
        owner = {"job": self._job, "subjob": self._subjob, "frame": self._frame}[self._path[-2]]
        if owner is self._job and key == "frames" and isinstance(value, dict):
            for name, count in value.items():
                _fill(owner["frames"], name, count)
        else:
            _fill(owner, key, value)


def _needed(attributes: dict[str, str], tag: str, name: str) -> str:
    value = attributes.pop(name, None)
    if value is None:
        raise BadDictionary(f"<{tag}> needs an attribute {name!r}")
    return value


def _counts(attributes: dict[str, str]) -> dict[str, int | None]:
    return {name: _number(attributes, name) for name in COUNTS}


def _number(attributes: dict[str, str], name: str) -> int | None:
    value = attributes.pop(name, None)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise BadDictionary(f"{name} is {value[:SHOWN_MAX]!r}, which is no whole number")
    return int(value)


def _put(into: dict[str, Any], name: str, value: dict[str, Any], what: str) -> None:
    if name in into:
        raise BadDictionary(f"{what} {name[:SHOWN_MAX]!r} is there twice")
    into[name] = value


def _fill(into: dict[str, Any], key: str, value: object) -> None:
    """Put in what is not there yet."""
    if into.get(key) is not None:
        raise BadDictionary(f"{key[:SHOWN_MAX]!r} is there twice")
    into[key] = value


def _from_base64(text: str) -> str:
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
        return data.decode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError) as error:
        raise BadDictionary(f"not base64 of UTF-8: {error}") from error


class _Document:
    """One document: chooses how to read it by its first element."""

    def __init__(self) -> None:
        self.reading: _Reading | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self.reading is None:
            if tag not in ("jobs", "Jobs"):
                raise BadDictionary(
                    f"it begins with <{tag[:SHOWN_MAX]}>; <jobs> is wanted, or PyFarm's <Jobs>"
                )
            self.reading = _Jobs1() if tag == "jobs" else Jobs2009()
        self.reading.start(tag, attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
        assert self.reading is not None
        self.reading.end(tag)

    def text(self, data: str) -> None:
        """Text within an element."""
        assert self.reading is not None
        self.reading.text(data)


def _no_document_type(*_: object) -> NoReturn:
    raise BadDictionary("a document type is not read, nor any entity: leave out <!DOCTYPE>")


def read_xml(pieces: Iterable[bytes]) -> Jobs:
    """Read a dictionary out of XML, ours or that of PyFarm in 2009.

    Args:
        pieces: of the document, in order; not all of them are taken when it is refused.

    Raises:
        BadDictionary: it cannot be read, or is too large; says in which line.
    """
    document = _Document()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.text
    try:
        for piece in _bounded(pieces):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadDictionary(f"not XML: {error}") from error
    except BadDictionary as error:
        raise BadDictionary(f"line {parser.CurrentLineNumber}: {error}") from error
    except (LookupError, ValueError) as error:  # of the encoding that the document names
        raise BadDictionary(f"not XML that can be read: {error}") from error
    assert document.reading is not None
    return document.reading.jobs


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > DOCUMENT_MAX:
            raise BadDictionary(f"a document has at most {DOCUMENT_MAX} bytes")
        yield piece


def from_xml(data: bytes | str) -> Jobs:
    """Read a dictionary out of XML that is in memory."""
    return read_xml([data.encode() if isinstance(data, str) else data])
