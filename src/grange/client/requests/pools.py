"""Requests about pools: the tree in which workers stand."""

from __future__ import annotations

from typing import Any

from grange.client.requests.message import Request, delete, get, patch, reads, reads_member
from grange.model.views import PoolView


def listed() -> Request[tuple[PoolView, ...]]:
    """List all pools."""
    return get("/pools", reads_member("pools", tuple[PoolView, ...]))


def edit(path: str, **fields: Any) -> Request[PoolView]:
    """Change fields of a pool, by the names of `PoolSpec`; makes it where new."""
    return patch("/pools", reads(PoolView), fields, path=path)


def remove(path: str) -> Request[None]:
    """Delete a pool without workers and without pools below it."""
    return delete("/pools", path=path)
