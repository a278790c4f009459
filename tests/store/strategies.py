"""Values of any type of record, with the bounds that the type declares."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from grange.core.tasks import PACKED
from grange.model.states import TaskState
from grange.store.bodies import INT_MAX

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
FLOAT = st.floats(min_value=0, max_value=1e12)
FEW = 2  # items of a container

#: Fields that the farm counts itself: they never come near the ends of 64 bits.
COUNTED = {
    **dict.fromkeys(("block", "number", "task", "attempt", "first", "last"), (0, 2**31 - 1)),
    **dict.fromkeys(("job_id", "run_id", "worker_id"), (1, INT_MAX)),
}


def records(kind: type) -> st.SearchStrategy[Any]:
    """Any record of a type."""
    return _of(inspect.type_info(kind))


def _of(info: inspect.Type, name: str = "") -> st.SearchStrategy[Any]:
    match info:
        case inspect.StructType():
            return _struct(info)
        case inspect.VarTupleType(item_type=item):
            return st.lists(_of(item), max_size=FEW).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*map(_of, items))
        case inspect.DictType(key_type=key, value_type=item):
            return st.dictionaries(_of(key), _of(item), max_size=FEW)
        case inspect.UnionType(types=choices):
            return st.one_of([_of(choice, name) for choice in choices])
        case inspect.EnumType(cls=cls):
            return st.sampled_from(cls)
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case _:
            return _scalar(info, name)


def _scalar(info: inspect.Type, name: str) -> st.SearchStrategy[Any]:
    match info:
        case inspect.IntType(ge=low, le=high):
            at_least, at_most = COUNTED.get(name, (-INT_MAX, INT_MAX))
            low = at_least if low is None else low
            return st.integers(low, at_most if high is None else high)
        case inspect.StrType(min_length=shortest):
            return TEXT.filter(lambda text: len(text) >= (shortest or 0))
        case inspect.FloatType():
            return FLOAT
        case inspect.BoolType():
            return st.booleans()
        case inspect.BytesType():
            return st.binary(max_size=50)
        case inspect.NoneType():
            return st.none()
        case _:
            raise NotImplementedError(info)


def _struct(info: inspect.StructType) -> st.SearchStrategy[Any]:
    needed = {field.name: _field(field) for field in info.fields if field.required}
    other = {field.name: _field(field) for field in info.fields if not field.required}
    return st.fixed_dictionaries(needed, optional=other).map(lambda values: info.cls(**values))


def _columns(tasks: int) -> st.SearchStrategy[bytes]:
    """The columns of some tasks: their states, then anything."""
    states = st.lists(st.sampled_from(TaskState), min_size=tasks, max_size=tasks).map(bytes)
    size = tasks * (PACKED - 1)
    return st.builds(bytes.__add__, states, st.binary(min_size=size, max_size=size))


def _field(field: inspect.Field) -> st.SearchStrategy[Any]:
    if field.name == "columns":
        return st.integers(0, 4).flatmap(_columns)
    return st.deferred(lambda: _of(field.type, field.name))
