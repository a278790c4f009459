"""Finds the id of what people call by its name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import grange.client
from grange.cli.session import NoneSuch
from grange.client.requests import access
from grange.client.requests import workers as worker_requests


def worker_id(client: grange.client.Client, name: str) -> int:
    """Find a worker by its name or its number.

    Raises:
        NoneSuch: there is none; names the nearest.
    """
    found = client.send(worker_requests.listed())
    for worker in found:
        if name.lower() == worker.name or name == str(worker.worker_id):
            return worker.worker_id
    raise NoneSuch(f"there is no worker {name!r}{_near(name, (item.name for item in found))}")


def credential_id(client: grange.client.Client, name: str, *, states: Iterable[str]) -> str:
    """Find a credential by its id, or by its name where that is enough.

    Args:
        client: of the farm.
        name: or id.
        states: in which it may be.

    Raises:
        NoneSuch: there is none, or there are several of that name.
    """
    found = [item for item in client.send(access.credentials()) if item.state in set(states)]
    if any(item.credential_id == name for item in found):
        return name
    named = [item.credential_id for item in found if item.name == name]
    if len(named) == 1:
        return named[0]
    if named:
        raise NoneSuch(f"{len(named)} are called {name!r}: name one by its id, {', '.join(named)}")
    near = _near(name, (item.name for item in found))
    raise NoneSuch(f"there is no credential {name!r}{near}; see: grange token list")


def _near(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""
