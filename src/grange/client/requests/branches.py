"""Requests about branches: the studio's tree in which jobs stand."""

from __future__ import annotations

from typing import Any

from grange.client.requests.message import Request, delete, get, patch, reads, reads_member
from grange.model.views import BranchView


def listed() -> Request[tuple[BranchView, ...]]:
    """List all branches."""
    return get("/branches", reads_member("branches", tuple[BranchView, ...]))


def edit(path: str, **fields: Any) -> Request[BranchView]:
    """Change fields of a branch, by the names of `BranchSpec`; makes it where new."""
    return patch("/branches", reads(BranchView), fields, path=path)


def remove(path: str) -> Request[None]:
    """Delete a branch without jobs and without branches below it."""
    return delete("/branches", path=path)
