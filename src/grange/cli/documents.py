"""What `--json` prints: the views as plain values, times in ISO 8601, states by their names."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import msgspec

from grange.cli.amounts import iso
from grange.client.requests.access import NewJoinCode
from grange.model import views

#: Fields that are epoch seconds. Elsewhere the same words mean something else.
TIMES: Final[Mapping[type[Any], frozenset[str]]] = {
    views.AuditView: frozenset({"at"}),
    views.BlockView: frozenset({"started", "done"}),
    views.BranchView: frozenset({"created"}),
    views.CredentialView: frozenset({"created", "expires"}),
    views.FarmView: frozenset({"now"}),
    views.JobView: frozenset({"created", "started", "done"}),
    views.PoolView: frozenset({"created"}),
    views.RunView: frozenset({"started", "ended"}),
    views.StoryLine: frozenset({"at"}),
    views.TaskView: frozenset({"started", "ended"}),
    views.ThumbnailView: frozenset({"made"}),
    views.UserView: frozenset({"created"}),
    views.WorkerView: frozenset({"registered", "joined", "launched", "updated", "rested", "seen"}),
    NewJoinCode: frozenset({"expires"}),
}


def document(value: Any) -> str:
    """Write any answer as one JSON document."""
    return msgspec.json.format(msgspec.json.encode(_plain(value)), indent=2).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _object(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value if isinstance(value, str) else value.name.lower()
    return value


def _object(value: msgspec.Struct) -> Any:
    if value.__struct_config__.omit_defaults:
        return msgspec.to_builtins(value)  # a specification, as it is written to submit it
    times = TIMES.get(type(value), frozenset())
    return {
        name: iso(found) if name in times else _plain(found)
        for name in value.__struct_fields__
        for found in (getattr(value, name),)
    }
