"""Shapes that hold anything, by chance; sooner made than by hypothesis, for some are large."""

from __future__ import annotations

import random
from typing import Any

from msgspec import inspect

FEW = 2  # items of a container
TEXTS = ("", "a", "ü", "a b;c", "\n", "\ud800", "@#@", "/mnt/x")
NUMBERS = (0, 1, -1, 99, 127, 255, 256, 65_536, 2**31 - 1, -(2**31), 2**40, -(2**63), 2**70)


def anything(kind: Any, chance: random.Random) -> Any:
    """A value of a type."""
    return _of(inspect.type_info(kind), chance)


def _of(info: inspect.Type, chance: random.Random) -> Any:
    match info:
        case inspect.StructType():
            return info.cls(
                **{
                    field.name: _of(field.type, chance)
                    for field in info.fields
                    if _told(field, chance)
                }
            )
        case inspect.VarTupleType(item_type=item):
            return tuple(_of(item, chance) for _ in range(chance.randint(0, FEW)))
        case inspect.TupleType(item_types=items):
            return tuple(_of(item, chance) for item in items)
        case inspect.DictType(value_type=item):
            return {text: _of(item, chance) for text in chance.sample(TEXTS[:5], FEW)}
        case inspect.UnionType(types=choices):
            return _of(chance.choice(choices), chance)
        case inspect.LiteralType(values=values):
            return chance.choice(values)
        case _:
            return _plain(info, chance)


def _told(field: inspect.Field, chance: random.Random) -> bool:
    return field.required or chance.random() < 0.5


def _plain(info: inspect.Type, chance: random.Random) -> Any:
    match info:
        case inspect.IntType():
            return chance.choice(NUMBERS)
        case inspect.StrType():
            return chance.choice(TEXTS)
        case inspect.BoolType():
            return chance.choice((True, False))
        case inspect.BytesType():
            return chance.randbytes(chance.randint(0, 9))
        case inspect.NoneType():
            return None
        case _:
            raise NotImplementedError(info)
