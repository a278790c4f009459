"""JSON bodies -> values of our types; a fault is named by its place."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import inspect

from grange.server.refusal import BadField, BadJson, BadRequest, BodyTooLarge, UnknownField
from grange.server.spelling import nearest

T = TypeVar("T")

_AT = re.compile(r"(.*) - at `(?:key in `)?\$\.?([^`]*)`*", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_INVALID = re.compile(r"Invalid enum value '(.*)'", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_BYTE = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)", re.DOTALL)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")
INT_MAX: Final = 2**63 - 1  # what the store, the wire and other languages can hold
OBJECTS_MAX: Final = 2_500_000  # of one body; `{}` of three bytes may stand for a whole block
CHANGES_MAX: Final = 4 * 1024 * 1024  # bytes; the longest field has a million characters
_SHOWN_MAX: Final = 100  # characters of a foreign name in a message


def decode_json(data: bytes, kind: type[T]) -> T:
    """Read a body.

    Args:
        data: as it came, its length already limited.
        kind: of what is wanted.

    Raises:
        BadRequest: not JSON, or not of that kind; says where, and what would be right.
    """
    if len(data) > OBJECTS_MAX and data.count(b"{") > OBJECTS_MAX:
        raise BodyTooLarge(f"a body has at most {OBJECTS_MAX} objects")
    try:
        value = _decoder(cast(Hashable, kind)).decode(data)  # every type is hashable
    except msgspec.ValidationError as error:
        raise _located(str(error), kind) from error
    except msgspec.DecodeError as error:
        raise _not_json(str(error), data) from error
    except UnicodeDecodeError as error:
        raise BadJson("not JSON: a text is not UTF-8") from error
    except RecursionError as error:
        raise BadJson("not JSON that can be read: nested too deeply") from error
    return value  # type: ignore[no-any-return]  # a decoder of T gives T


@lru_cache(maxsize=256)  # kinds are those that our own doors name
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _not_json(text: str, data: bytes) -> BadJson:
    if not data.strip():
        return BadJson("the body is empty; JSON is wanted")
    found = _BYTE.fullmatch(text)
    reason, at = (found[1], int(found[2])) if found else ("it breaks off", len(data))
    line = data.count(b"\n", 0, at) + 1
    column = at - (data.rfind(b"\n", 0, at) + 1) + 1
    return BadJson(f"not JSON: {reason} at byte {at}, line {line}, column {column}")


def _located(text: str, kind: Any) -> BadRequest:
    """The refusal that a message of msgspec's amounts to."""
    found = _AT.fullmatch(text)
    what, path = (found[1], found[2]) if found else (text, "")
    unknown = _UNKNOWN.fullmatch(what)
    if unknown:
        name = unknown[1]
        near = nearest(name, _names(kind, path))
        return UnknownField(
            f"{name[:_SHOWN_MAX]!r} is not a field{near}", field=_join(path, name[:_SHOWN_MAX])
        )
    missing = _MISSING.fullmatch(what)
    if missing:
        return BadField("this field is needed", field=_join(path, missing[1]))
    word = _INVALID.fullmatch(what)
    if word:
        known = _words(kind, path)
        near = nearest(word[1], known) or f"; known are {', '.join(known)}"
        return BadField(f"there is no {word[1][:_SHOWN_MAX]!r} here{near}", field=path)
    return BadField(what[:1].lower() + what[1:], field=path)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _names(kind: Any, path: str) -> list[str]:
    """The fields that there are at a place."""
    structs = [at for at in _at(kind, path) if isinstance(at, inspect.StructType)]
    return [field.encode_name for at in structs for field in at.fields]


def _words(kind: Any, path: str) -> list[str]:
    """The words that may stand at a place."""
    words: list[str] = []
    for at in _at(kind, path):
        if isinstance(at, inspect.EnumType):
            words += [str(member.value) for member in at.cls]
        elif isinstance(at, inspect.LiteralType):
            words += [str(value) for value in at.values]
    return words


def _at(kind: Any, path: str) -> list[inspect.Type]:
    """What may stand at a place."""
    found = [inspect.type_info(kind)]
    for name, index in _STEP.findall(path):
        found = [below for at in found for below in _below(at, name, index)]
    return _flat(found)


def _flat(kinds: list[inspect.Type]) -> list[inspect.Type]:
    """The kinds, each alternative for itself and without their bounds."""
    out: list[inspect.Type] = []
    for kind in kinds:
        if isinstance(kind, inspect.UnionType):
            out += _flat(list(kind.types))
        elif isinstance(kind, inspect.Metadata):
            out += _flat([kind.type])
        else:
            out.append(kind)
    return out


def _below(kind: inspect.Type, name: str, index: str) -> list[inspect.Type]:
    """What a kind holds under a name or at an index."""
    out: list[inspect.Type] = []
    for at in _flat([kind]):
        if isinstance(at, inspect.StructType) and name:
            out += [field.type for field in at.fields if field.encode_name == name]
        elif isinstance(at, inspect.DictType):
            out.append(at.value_type)
        elif isinstance(at, inspect.CollectionType) and index:
            out.append(at.item_type)
        elif isinstance(at, inspect.TupleType) and index.isdigit():
            out += at.item_types[int(index) : int(index) + 1]
    return out


def decode_changes(data: bytes) -> dict[str, Any]:
    """Read a body of fields and new values, whose types only the core knows.

    Raises:
        BadRequest: not JSON, not an object, too large, or a number that nothing can hold.
    """
    if len(data) > CHANGES_MAX:
        raise BodyTooLarge(f"changes have at most {CHANGES_MAX} bytes")
    changes: dict[str, Any] = decode_json(data, dict)
    _refuse_huge(changes)
    return changes


def _refuse_huge(changes: dict[str, Any]) -> None:
    """Refuse whole numbers beyond 64 bits, wherever they stand."""
    todo: list[tuple[str, Any]] = [("", changes)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, int) and not -INT_MAX - 1 <= value <= INT_MAX:
            raise BadField(f"a number beyond {INT_MAX}", field=path)
        if isinstance(value, dict):
            todo += [(_join(path, name[:_SHOWN_MAX]), below) for name, below in value.items()]
        elif isinstance(value, list):
            todo += [(f"{path}[{index}]", below) for index, below in enumerate(value)]
