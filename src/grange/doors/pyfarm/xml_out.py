"""The dictionary as XML, by the schema in `pyfarm.xsd`.

What XML cannot hold, not even escaped (NUL, escape sequences, halves of surrogate pairs), and
what its readers change (a carriage return in a text) is written as base64 of UTF-8. What an
attribute cannot hold becomes an `extra`, in JSON, and so does every key that PyFarm had not.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from grange.doors.pyfarm.dictionary import (
    COUNTS,
    NUMBER_MAX,
    BadDictionary,
    FrameKey,
    Jobs,
    normal,
    place,
    written,
)
from grange.doors.pyfarm.json_form import dump

VERSION: Final = "1"
_PLAIN: Final = "\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
NOT_TEXT: Final = re.compile(f"[^{_PLAIN}]")
NOT_ATTRIBUTE: Final = re.compile(f"[^\r{_PLAIN}]")
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ATTRIBUTE: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)


class XmlForm:
    """The dictionary as one XML document."""

    def begin(self) -> str:
        """What stands before the jobs."""
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<jobs version="{VERSION}">\n'

    def job(self, name: str, head: dict[str, Any]) -> str:
        """A job, but for its subjobs."""
        more = dict(head)
        counts = dict(more.pop("frames", None) or {})
        attributes = _attributes(name, place(name), more, counts)
        if counts:
            more["frames"] = counts
        return f"  <job{attributes}>\n{_extras(more, place(name), 4)}"

    def subjob(self, name: str, head: dict[str, Any]) -> str:
        """A subjob of the last job, but for its frames."""
        more, at = dict(head), f"subjob {name!r}"
        return f"    <subjob{_attributes(name, at, more, more)}>\n{_extras(more, at, 6)}"

    def frame(self, key: FrameKey, frame: dict[str, Any]) -> str:
        """A frame of the last subjob."""
        more, at = dict(frame), f"frame {key!r}"
        lines = [f'      <frame number="{_name(str(key), at)}"']
        lines += [_taken_text(more, "status"), _taken_text(more, "host")]
        lines += [_taken_number(more, "pid"), ">\n"]
        lines += [_element(more, "command"), _element(more, "stdout"), _extras(more, at, 8)]
        lines.append("      </frame>\n")
        return "".join(lines)

    def end_subjob(self) -> str:
        """The end of a subjob."""
        return "    </subjob>\n"

    def end_job(self) -> str:
        """The end of a job."""
        return "  </job>\n"

    def end(self) -> str:
        """What stands after the jobs."""
        return "</jobs>\n"


def to_xml(jobs: Jobs) -> str:
    """Write a dictionary.

    Raises:
        BadDictionary: a name, or a value, cannot be written.
    """
    return "".join(written(XmlForm(), normal(jobs)))


def _attributes(name: str, at: str, more: dict[str, Any], counts: dict[str, Any]) -> str:
    """Name, status and counts; what was written is taken away."""
    numbers = "".join(_taken_number(counts, count) for count in COUNTS)
    return f' name="{_name(name, at)}"{_taken_text(more, "status")}{numbers}'


def _name(text: str, at: str) -> str:
    if NOT_ATTRIBUTE.search(text):
        raise BadDictionary(f"{at}: XML cannot carry a name with this character: {text[:80]!r}")
    return text.translate(_ATTRIBUTE)


def _taken_text(more: dict[str, Any], name: str) -> str:
    value = more.get(name)
    if value is None:
        more.pop(name, None)
        return ""
    if not isinstance(value, str) or NOT_ATTRIBUTE.search(value):
        return ""
    del more[name]
    return f' {name}="{value.translate(_ATTRIBUTE)}"'


def _taken_number(more: dict[str, Any], name: str) -> str:
    value = more.get(name)
    if value is None:
        more.pop(name, None)
        return ""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= NUMBER_MAX:
        return ""
    del more[name]
    return f' {name}="{value}"'


def _element(more: dict[str, Any], name: str) -> str:
    value = more.get(name)
    if value is not None and not isinstance(value, str):
        return ""
    more.pop(name, None)
    if value is None:
        return ""
    if not value:
        return f"        <{name}/>\n"
    if NOT_TEXT.search(value):
        data = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode("ascii")
        return f'        <{name} encoding="base64">{data}</{name}>\n'
    return f"        <{name}>{value.translate(_TEXT)}</{name}>\n"


def _extras(more: Mapping[str, Any], at: str, indent: int) -> str:
    return "".join(
        f'{" " * indent}<extra key="{_name(key, at)}"'
        f' json="{dump(value, f"{at}[{key!r}]").translate(_ATTRIBUTE)}"/>\n'
        for key, value in more.items()
    )
