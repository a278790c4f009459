"""Markdown, and values and types as a reader of the reference wants to see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as kinds

INT_MAX = 2**31 - 1  # a bound that is only that of the number's size is not shown
NOTICE = "<!-- Written by `make docs` from {sources}. Do not edit it by hand. -->"


def page(title: str, sources: Sequence[str], *parts: str) -> str:
    """A whole page."""
    notice = NOTICE.format(sources=" and ".join(sources))
    return "\n\n".join([notice, f"# {title}", *(part.strip() for part in parts if part)]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars and line breaks in its cells do no harm."""
    lines = [_row(heads), "|" + " --- |" * len(heads)]
    lines += [_row([_cell(cell) for cell in row]) for row in rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def code(text: object) -> str:
    """A text as code."""
    return f"`{text}`"


def sentence(text: str) -> str:
    """A text with a capital at its start and a full stop at its end."""
    text = text.strip()
    if not text:
        return ""
    start = text if text[0] in "`\"'" else text[0].upper() + text[1:]
    return start if start.endswith((".", "!", "?")) else f"{start}."


def value(given: object) -> str:
    """A default as it is written in JSON or TOML."""
    if given is None:
        return "none"
    if isinstance(given, bool):
        return code(str(given).lower())
    if isinstance(given, Enum):
        return code(f'"{given.value}"')
    if isinstance(given, str | Path):
        return code(f'"{given}"')
    if isinstance(given, tuple | list):
        return code("[]") if not given else code(msgspec.json.encode(given).decode())
    if isinstance(given, float) and given == int(given):
        return code(int(given))
    if isinstance(given, msgspec.Struct):
        return "empty"
    return code(given if isinstance(given, int | float) else msgspec.json.encode(given).decode())


def default(field: kinds.Field) -> str:
    """What a field has when nobody says otherwise."""
    if field.required:
        return "**required**"
    if field.default_factory is not msgspec.NODEFAULT:
        return value(field.default_factory())
    return value(field.default)


def kind_text(kind: kinds.Type) -> str:
    """A type in words."""
    match kind:
        case kinds.Metadata(type=inner):
            return kind_text(inner)
        case kinds.UnionType(types=types):
            some = [item for item in types if not isinstance(item, kinds.NoneType)]
            return " or ".join(kind_text(item) for item in some)
        case kinds.LiteralType(values=values):
            return _one_of(values)
        case kinds.EnumType(cls=cls):
            return cls.__name__ if issubclass(cls, int) else _one_of(item.value for item in cls)
        case kinds.StructType(cls=cls) | kinds.CustomType(cls=cls):
            return "path" if cls is Path else cls.__name__
        case _:
            return _container_text(kind) or _PLAIN.get(type(kind), type(kind).__name__)


def _container_text(kind: kinds.Type) -> str:
    match kind:
        case kinds.DictType(key_type=key, value_type=held):
            return f"map of {kind_text(key)} to {kind_text(held)}"
        case kinds.CollectionType(item_type=held):
            return f"list of {kind_text(held)}"
        case kinds.TupleType(item_types=items):
            return f"list of {' and '.join(kind_text(item) for item in items)}"
        case _:
            return ""


def _one_of(values: Iterable[object]) -> str:
    return "one of " + ", ".join(code(f'"{item}"') for item in values)


_PLAIN: dict[type[Any], str] = {
    kinds.IntType: "int",
    kinds.FloatType: "float",
    kinds.BoolType: "bool",
    kinds.StrType: "str",
    kinds.BytesType: "bytes",
    kinds.AnyType: "any",
    kinds.NoneType: "none",
}


def bounds(kind: kinds.Type) -> str:
    """What a value of a type may be, in words; "" when anything."""
    match kind:
        case kinds.Metadata(type=within):
            return bounds(within)
        case kinds.UnionType(types=types):
            return "; ".join(text for item in types if (text := bounds(item)))
        case kinds.IntType() | kinds.FloatType():
            return _range(kind)
        case kinds.StrType(max_length=most, min_length=least):
            return _length(least, most, "characters")
        case kinds.DictType(value_type=held):
            return _each(held)
        case kinds.CollectionType(item_type=held, max_length=most):
            texts = (_length(None, most, "items"), _each(held))
            return "; ".join(text for text in texts if text)
        case _:
            return ""


def _each(kind: kinds.Type) -> str:
    text = bounds(kind)
    return f"each: {text}" if text else ""


def _range(kind: kinds.IntType | kinds.FloatType) -> str:
    least, most = kind.ge, kind.le
    if kind.gt is not None:
        return f"more than {kind.gt:g}" + (f", at most {most:,.0f}" if most is not None else "")
    if most is not None and most >= INT_MAX:
        most = None
    if least is not None and least < -INT_MAX:
        least = None
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    if least is not None:
        return f"at least {least:,}"
    return f"at most {most:,}" if most is not None else ""


def _length(least: int | None, most: int | None, what: str) -> str:
    if least and most:
        return f"{least:,} to {most:,} {what}"
    if most:
        return f"up to {most:,} {what}"
    return f"at least {least:,} {what}" if least else ""
