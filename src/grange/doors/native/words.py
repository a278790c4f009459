"""Words of a query or a list -> values of ours."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from grange.core.commands import Span
from grange.model.frames import FramesError, parse_frames
from grange.server.refusal import BadField
from grange.server.spelling import nearest

SPANS_MAX = 100_000  # pieces of one list of tasks

E = TypeVar("E", bound=Enum)


def one_of(kind: type[E], word: str, field: str) -> E:
    """The member of an enumeration that a word means: its name in lower case.

    Raises:
        BadField: there is none; names the nearest.
    """
    known = {member.name.lower(): member for member in kind}
    found = known.get(word.lower())
    if found is None:
        near = nearest(word, known) or f"; known are {', '.join(known)}"
        raise BadField(f"there is no {field} {word[:100]!r}{near}", field=field)
    return found


def spans(text: str) -> tuple[Span, ...]:
    """Spans of task numbers out of a list such as 0-5,9 or 0-100x10.

    Raises:
        BadField: not such a list, or one of too many pieces.
    """
    try:
        ranges = parse_frames(text)
    except FramesError as error:
        raise BadField(str(error), field="tasks") from error
    pieces = 0
    for item in ranges:
        pieces += len(range(item.first, item.last + 1, item.inc)) if item.inc > 1 else 1
    if pieces > SPANS_MAX:
        raise BadField(f"{pieces} pieces; at most {SPANS_MAX} in one list", field="tasks")
    out: list[Span] = []
    for item in ranges:
        if item.inc > 1:
            out += [(task, task) for task in range(item.first, item.last + 1, item.inc)]
        else:
            out.append((item.first, item.last))
    return tuple(out)
