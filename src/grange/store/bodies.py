"""Records <-> bytes, such that whatever the farm holds can be stored and read back.

A record that is already in memory has to be storable, or one hostile job would end the
server; and one that is stored has to be readable, or the server could not start again.
Both have a fast way that nearly always works, and a slow one that never asks more than shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from msgspec import inspect

from grange.model.unreadable import UNREADABLE
from grange.store.store import UnreadableRecord

T = TypeVar("T")

_ENCODER: Final = msgspec.msgpack.Encoder()
INT_MAX: Final = 2**63 - 1  # the largest number that goes into 64 bits


def encode(record: object) -> bytes:
    """Write a record as msgpack.

    A number beyond 64 bits becomes the nearest that fits, and half a surrogate pair a
    question mark: both come from JSON only, and mean nothing.
    """
    try:
        return _ENCODER.encode(record)
    except (OverflowError, UnicodeEncodeError):
        return _ENCODER.encode(_storable(msgspec.to_builtins(record, builtin_types=(bytes,))))


def whole(text: str) -> str:
    """Replace each half of a surrogate pair by a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _storable(value: Any) -> Any:
    match value:
        case bool():
            return value
        case int():
            return max(-INT_MAX, min(INT_MAX, value))
        case str():
            return whole(value)
        case list() | tuple():
            return [_storable(item) for item in value]
        case dict():
            return {_storable(key): _storable(item) for key, item in value.items()}
        case _:
            return value


class Reader(Generic[T]):
    """Reads bodies of one type.

    Args:
        kind: what a body holds.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._decode: Callable[[bytes], T] = msgspec.msgpack.Decoder(kind).decode

    def read(self, body: bytes) -> T:
        """Turn a body into its record.

        Fields that this release does not know are left out, and bounds that were narrowed
        since are not enforced.

        Raises:
            UnreadableRecord: it is something else.
        """
        try:
            return self._decode(body)
        except UNREADABLE as strict:
            try:
                plain = msgspec.msgpack.decode(body, strict=False)
                return cast("T", _shaped(inspect.type_info(self._kind), plain))
            except (*UNREADABLE, TypeError, ValueError) as error:
                raise UnreadableRecord(str(strict)) from error


def _shaped(info: inspect.Type, value: Any) -> Any:
    """Give plain values the shape of a type, by types alone."""
    match info:
        case inspect.StructType():
            return _struct(info, _is(dict, value))
        case inspect.VarTupleType(item_type=item):
            return tuple(_shaped(item, each) for each in _is(list, value))
        case inspect.TupleType(item_types=items):
            pairs = zip(items, _is(list, value), strict=True)
            return tuple(_shaped(item, each) for item, each in pairs)
        case inspect.DictType(key_type=key, value_type=item):
            return {_shaped(key, k): _shaped(item, v) for k, v in _is(dict, value).items()}
        case inspect.UnionType(types=choices):
            return _one_of(choices, value)
        case inspect.EnumType(cls=cls):
            return cls(value)
        case inspect.FloatType():
            return float(_is((int, float), value))
        case _:
            return _is(_PLAIN.get(type(info), object), value)


_PLAIN: Final[dict[type, type | tuple[type, ...]]] = {
    inspect.IntType: int,
    inspect.StrType: str,
    inspect.BytesType: bytes,
    inspect.BoolType: bool,
    inspect.NoneType: type(None),
    inspect.LiteralType: (str, int),
}


def _is(kind: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(type(value).__name__)
    return value


def _struct(info: inspect.StructType, value: dict[str, Any]) -> Any:
    known = [field for field in info.fields if field.encode_name in value]
    return info.cls(
        **{field.name: _shaped(field.type, value[field.encode_name]) for field in known}
    )


def _one_of(choices: tuple[inspect.Type, ...], value: Any) -> Any:
    for choice in choices:
        try:
            return _shaped(choice, value)
        except (TypeError, ValueError):
            continue
    raise TypeError(type(value).__name__)
