"""`name=value` as people type it, turned into what the field takes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from grange.cli.amounts import BadAmount, megabytes, seconds
from grange.cli.session import Refused
from grange.model.nodes import BranchSpec, PoolSpec, TicketLimit, UserSpec, WorkerSpec
from grange.model.spec import BLOCK_EDITABLE, JOB_EDITABLE, BlockSpec, JobSpec
from grange.model.unreadable import UNREADABLE

#: What can be set of each kind of thing.
EDITABLE: Final[Mapping[str, tuple[type[msgspec.Struct], Collection[str]]]] = {
    "job": (JobSpec, JOB_EDITABLE),
    "block": (BlockSpec, BLOCK_EDITABLE),
    "worker": (WorkerSpec, WorkerSpec.__struct_fields__),
    "user": (UserSpec, UserSpec.__struct_fields__),
    "pool": (PoolSpec, PoolSpec.__struct_fields__),
    "branch": (BranchSpec, BranchSpec.__struct_fields__),
}
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def changes(kind: str, texts: Sequence[str], now: float) -> dict[str, Any]:
    """Read what is to be changed.

    Args:
        kind: of thing, as in `EDITABLE`.
        texts: name=value, each.
        now: epoch seconds, for times such as +2h.

    Raises:
        Refused: a name that is none, or a value that does not fit; says what would.
    """
    spec, editable = EDITABLE[kind]
    hints = get_type_hints(spec, include_extras=True)
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise Refused(f"{text!r}: write NAME=VALUE, such as priority=50")
        if name not in editable:
            raise Refused(_unknown(kind, name, editable))
        found[name] = _fitted(name, value, hints[name], now)
    return found


def _unknown(kind: str, name: str, editable: Collection[str]) -> str:
    near = get_close_matches(name, editable, 1)
    advice = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(editable))}"
    return f"a {kind} has no {name!r} that can be set; {advice}"


def _fitted(name: str, text: str, hint: Any, now: float) -> Any:
    if not _sendable(text):
        raise Refused(f"{name}={text!r}: it is no UTF-8")
    try:
        value = _read(name, text, _bare(hint), now)
        return msgspec.to_builtins(msgspec.convert(value, hint, strict=False))
    except (*UNREADABLE, BadAmount, ValueError) as error:
        said = str(error).partition(" - at ")[0]
        raise Refused(f"{name}={text}: {said}") from error


def _sendable(text: str) -> bool:
    """Whether a text is one: bytes that are no UTF-8 come in as halves of characters."""
    return text.isascii() or text == text.encode(errors="replace").decode()


def _read(name: str, text: str, kind: Any, now: float) -> Any:
    """A value in the shape of its field, its bounds not yet checked."""
    if text[:1] in ("[", "{") and kind is not str:
        return msgspec.json.decode(text)
    if get_origin(kind) is dict:
        return _members(text, get_args(kind)[1])
    if get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    if name == "wait_until":
        return _time(text, now)
    if name.endswith("_s") and not _NUMBER.fullmatch(text):
        return seconds(text)
    if name.endswith("_mb") and not _NUMBER.fullmatch(text):
        return megabytes(text)
    if kind is bool:
        return {"yes": True, "on": True, "no": False, "off": False}.get(text.lower(), text)
    return text


def _members(text: str, kind: Any) -> dict[str, Any]:
    """A table, written as a=1,b=2."""
    found: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is not NAME=VALUE; write a=1,b=2")
        found[name.strip()] = {"count": int(value)} if kind is TicketLimit else value.strip()
    return found


def _time(text: str, now: float) -> float:
    """A time: 2030-01-31T18:00 here, +2h from now, 0 for none, or epoch seconds."""
    if _NUMBER.fullmatch(text):
        return float(text)
    if text.startswith("+"):
        return now + seconds(text[1:])
    try:
        return dt.datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError as error:
        raise BadAmount(f"{text!r} is no time; write 2030-01-31T18:00, or +2h") from error


def _bare(hint: Any) -> Any:
    """A type without its bounds."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return hint
