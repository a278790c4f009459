"""Parameters of an action -> fields that an edit changes, and their new values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grange.doors.afanasy.orders.fields import BadOrder, flag, number
from grange.doors.afanasy.orders.reading import flags_of, plain
from grange.doors.afanasy.orders.words import (
    BLOCK,
    BLOCK_KEPT_OUT,
    JOB,
    JOB_KEPT_OUT,
    SHAPE,
    Key,
)
from grange.model.spec import BlockSpec, JobSpec

_OLD = "non_sequential"  # key of a block; now it is `sequential`
_MAPS = frozenset({"environment", "folders"})  # texts by names


def job_changes(params: Mapping[str, Any]) -> dict[str, Any]:
    """What parameters change on a job. `offline` is no field but a command of its own.

    Raises:
        BadOrder: there is no such parameter, or its value cannot be.
    """
    return _changes(params, JOB, JOB_KEPT_OUT)


def block_changes(params: Mapping[str, Any]) -> dict[str, Any]:
    """What parameters change on a block.

    Raises:
        BadOrder: there is no such parameter, or its value cannot be.
    """
    known = {name: value for name, value in params.items() if name not in (_OLD, "flags")}
    changes = _changes(known, BLOCK, BLOCK_KEPT_OUT)
    if _OLD in params:
        changes["sequential"] = int(not flag(params[_OLD], _OLD))
    if "flags" in params:
        changes |= flags_of(number(params["flags"], "flags"))
    return changes


def upon(changes: dict[str, Any], spec: JobSpec | BlockSpec) -> dict[str, Any]:
    """Changes of a job or block that has maps already.

    A change names what it changes: other names stay, those with an empty text go.
    """
    whole = dict(changes)
    for name in _MAPS & changes.keys():
        given = changes[name]
        known = {**getattr(spec, name), **given}
        whole[name] = {key: text for key, text in known.items() if text or key not in given}
    return whole


def _changes(
    params: Mapping[str, Any], keys: Mapping[str, Key], kept_out: frozenset[str]
) -> dict[str, Any]:
    for name in params:
        if name in SHAPE:
            raise BadOrder(name, "the tasks of a block stay as they were submitted")
        if name not in keys and name not in kept_out:
            raise BadOrder(name[:100], "there is no such parameter")
    return plain(params, keys, "")
