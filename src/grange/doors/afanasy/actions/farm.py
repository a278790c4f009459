"""Services and tickets of renders and pools: what an operation makes of a specification."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec import to_builtins

from grange.core.masks import find
from grange.doors.afanasy.actions.outcome import NotDone
from grange.doors.afanasy.asked import Json, field, read
from grange.model.nodes import FarmSpec, PoolSpec, TicketLimit


class Edit(NamedTuple):
    """Changes of a specification, and what they are called."""

    changes: dict[str, Any]
    text: str


def services(spec: FarmSpec, asked: Json) -> Edit:
    """What an operation `farm` changes.

    Raises:
        NotDone: nothing.
    """
    mode = read(asked.get("mode", ""), str, "operation.mode")
    if mode == "service_add":
        return _add(spec, asked)
    if mode == "clear_services":
        return _clear(spec)
    edit = _BY_MASK.get(mode)
    if edit is None:
        raise NotDone(f"Unknown farm operation mode: {mode}")
    return edit(spec, field(asked, "mask", str, "operation"))


def _add(spec: FarmSpec, asked: Json) -> Edit:
    name = field(asked, "name", str, "operation")
    if not name:
        raise NotDone("Service name is empty.")
    if name in spec.services:
        raise NotDone(f"Service '{name}' already exists.")
    return Edit({"services": [*spec.services, name]}, f'Service "{name}" added.')


def _clear(spec: FarmSpec) -> Edit:
    if not spec.services and not spec.services_disabled:
        raise NotDone("No services to clear")
    return Edit({"services": [], "services_disabled": []}, "Services cleared")


def _remove(spec: FarmSpec, mask: str) -> Edit:
    left = [name for name in spec.services if not find(mask)(name)]
    if len(left) == len(spec.services):
        raise NotDone(f"No services found matching pattern {mask}")
    return Edit({"services": left}, f'Service "{mask}" removed.')


def _enable(spec: FarmSpec, mask: str) -> Edit:
    match = find(mask)
    left = [name for name in spec.services_disabled if not match(name) and name != mask]
    if len(left) == len(spec.services_disabled):
        raise NotDone(f"No services found matching pattern {mask}")
    return Edit({"services_disabled": left}, f'Service "{mask}" enabled.')


def _disable(spec: FarmSpec, mask: str) -> Edit:
    """Disable those that are named here; where none is, whatever the mask says is kept."""
    if not mask:
        raise NotDone("Invalid service mask.")
    meant = [name for name in spec.services if find(mask)(name)] or [mask]
    fresh = [name for name in meant if name not in spec.services_disabled]
    if not fresh:
        raise NotDone(f"No services found matching pattern {mask}")
    text = "\n".join(f'Service "{name}" disabled' for name in fresh)
    return Edit({"services_disabled": [*spec.services_disabled, *fresh]}, text)


_BY_MASK: Final = {
    "service_remove": _remove,
    "service_enable": _enable,
    "service_disable": _disable,
}
MODES: Final = ("service_add", *_BY_MASK, "clear_services")


def tickets(spec: FarmSpec, asked: Json, name_of_node: str) -> Edit:
    """What an operation `tickets` changes.

    Raises:
        NotDone: nothing.
    """
    name = field(asked, "name", str, "operation")
    count = field(asked, "count", int, "operation")
    if read(asked.get("host", False), bool, "operation.host"):
        return _set(spec.tickets_host, "tickets_host", name, count, -1, name_of_node)
    if not isinstance(spec, PoolSpec):
        raise NotDone(f"Node['{name_of_node}'] is not a pool.")
    known = spec.tickets_pool.get(name)
    usual = known.max_hosts if known is not None else -1
    most = read(asked.get("max_hosts", usual), int, "operation.max_hosts")
    return _set(spec.tickets_pool, "tickets_pool", name, count, most, name_of_node)


def _set(
    limits: dict[str, TicketLimit], kind: str, name: str, count: int, most: int, node: str
) -> Edit:
    left: dict[str, Any] = to_builtins(limits)
    if count < 0:
        if left.pop(name, None) is None:
            raise NotDone(f"Node['{node}'] has no '{name}' ticket.")
        return Edit({kind: left}, f"Ticket {name} erased")
    word = "modified" if name in left else "added"
    left[name] = {"count": count, "max_hosts": most}
    return Edit({kind: left}, f"Ticket {name} {word}")
