"""The farm as PyFarm's nested dictionary: read key by key, and set.

    jobs = farm.pyfarm_jobs()
    frames = jobs["Job1"]["subjobs"]["sub1"]["frames"]
    jobs["Job1"]["status"] = "Paused"

It is live: each look at it asks the farm. `snapshot` asks once, and gives plain dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Protocol, TypeVar

from typing_extensions import override

from grange.client.errors import NotFound
from grange.client.requests import pyfarm as requests
from grange.client.requests.message import Request

T = TypeVar("T")


class Farm(Protocol):
    """What the dictionary asks of its client."""

    def send(self, request: Request[T]) -> T:
        """Send a request."""


class PyFarmDict(MutableMapping[str | int, Any]):
    """All jobs, or one part of the dictionary; see `grange.client.pyfarm`.

    Args:
        farm: the client.
        path: keys that lead here.
    """

    def __init__(self, farm: Farm, path: requests.Path = ()) -> None:
        self._farm = farm
        self._path = path

    def __getitem__(self, key: str | int) -> Any:
        """Look at one value; a dictionary is given as a part that is live, too.

        Raises:
            KeyError: there is none.
        """
        path = (*self._path, key)
        if is_fixed(path):
            return PyFarmDict(self._farm, path)
        try:
            value = within(self._farm.send(look(path)), path)
        except NotFound as error:
            raise KeyError(key) from error
        return PyFarmDict(self._farm, path) if isinstance(value, dict) else value

    def __setitem__(self, key: str | int, value: Any) -> None:
        """Have the farm do what makes it so.

        Raises:
            ApiError: it cannot be; says why.
        """
        if self._path:
            self._farm.send(requests.put((*self._path, key), plain(value)))
        else:
            self._farm.send(requests.put_job(str(key), plain(value)))

    def __delitem__(self, key: str | int) -> None:
        """Delete a job; nothing else can be.

        Raises:
            KeyError: there is no such job.
            TypeError: it is no job.
        """
        if self._path:
            raise TypeError("only whole jobs can be deleted, such as `del jobs['Job1']`")
        try:
            self._farm.send(requests.remove(str(key)))
        except NotFound as error:
            raise KeyError(key) from error

    def __iter__(self) -> Iterator[str | int]:
        """The keys, as they are now."""
        return iter(self._keys())

    def __len__(self) -> int:
        """How many keys there are now."""
        return len(self._keys())

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self.snapshot() == plain(other)

    __hash__ = None  # type: ignore[assignment]  # as of every dictionary

    @override
    def __repr__(self) -> str:
        return f"<the farm's {shown(self._path)}>"

    def snapshot(self, *, stdout: requests.Log = "inline") -> dict[Any, Any]:
        """Give all of it as it is now, by one request, as plain dictionaries.

        Args:
            stdout: the last 64 KiB of each log ("inline"), "none", or up to 16 MiB ("full").
        """
        request = requests.read(self._path, stdout=stdout)
        found: dict[Any, Any] = within(self._farm.send(request), self._path)
        return found

    def _keys(self) -> list[str | int]:
        return list(within(self._farm.send(look(self._path, keys=True)), self._path))


def is_fixed(path: requests.Path) -> bool:
    """Whether a path leads to what is always there, where the level above it is."""
    return (len(path), path[-1]) in ((2, "subjobs"), (4, "frames"))


def look(path: requests.Path, *, keys: bool = False) -> Request[requests.Jobs]:
    """Ask for no more than a value, or the keys that it has, needs."""
    if len(path) >= 5:
        return requests.read(path)
    frames: requests.Detail = "numbers" if keys and len(path) == 4 else "none"
    return requests.read(path, frames=frames, stdout="none")


def within(value: Any, path: requests.Path) -> Any:
    """Follow a path into plain dictionaries.

    Raises:
        KeyError: it leads nowhere.
    """
    for key in path:
        if not isinstance(value, dict):
            raise KeyError(key)
        value = value[key]
    return value


def plain(value: Any) -> Any:
    """Give mappings as dictionaries, all the way down."""
    if isinstance(value, PyFarmDict):
        return value.snapshot()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value


def shown(path: requests.Path) -> str:
    """Write a path as one would in Python."""
    return "jobs" + "".join(f"[{key!r}]" for key in path)
