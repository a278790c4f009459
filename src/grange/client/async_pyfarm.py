"""The farm as PyFarm's nested dictionary, for programs with an event loop.

jobs = farm.pyfarm_jobs()
frame = await jobs["Job1"]["subjobs"]["sub1"]["frames"][1].read()
await jobs["Job1"]["status"].set("Paused")
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from typing_extensions import override

from grange.client.errors import NotFound
from grange.client.pyfarm import look, plain, shown, within
from grange.client.requests import pyfarm as requests
from grange.client.requests.message import Request

T = TypeVar("T")


class Farm(Protocol):
    """What the dictionary asks of its client."""

    async def send(self, request: Request[T]) -> T:
        """Send a request."""


class AsyncPyFarmDict:
    """All jobs, or one part of the dictionary, or one value. Naming it asks nothing.

    Args:
        farm: the client.
        path: keys that lead here.
    """

    def __init__(self, farm: Farm, path: requests.Path = ()) -> None:
        self._farm = farm
        self._path = path

    def __getitem__(self, key: str | int) -> AsyncPyFarmDict:
        """Name a part of it."""
        return AsyncPyFarmDict(self._farm, (*self._path, key))

    @override
    def __repr__(self) -> str:
        return f"<the farm's {shown(self._path)}>"

    async def read(self, *, stdout: requests.Log = "inline") -> Any:
        """Give it as it is now: a plain dictionary, or a value.

        Args:
            stdout: the last 64 KiB of each log ("inline"), "none", or up to 16 MiB ("full").

        Raises:
            KeyError: there is no such thing.
        """
        return await self._within(requests.read(self._path, stdout=stdout))

    async def keys(self) -> list[str | int]:
        """Give its keys as they are now.

        Raises:
            KeyError: there is no such thing.
        """
        return list(await self._within(look(self._path, keys=True)))

    async def set(self, value: Any) -> None:
        """Have the farm do what makes it so.

        Raises:
            ApiError: it cannot be; says why.
        """
        if len(self._path) == 1:
            await self._farm.send(requests.put_job(str(self._path[0]), plain(value)))
        else:
            await self._farm.send(requests.put(self._path, plain(value)))

    async def delete(self) -> None:
        """Delete a job; nothing else can be.

        Raises:
            KeyError: there is no such job.
            TypeError: it is no job.
        """
        if len(self._path) != 1:
            raise TypeError("only whole jobs can be deleted, such as `jobs['Job1'].delete()`")
        try:
            await self._farm.send(requests.remove(str(self._path[0])))
        except NotFound as error:
            raise KeyError(self._path[0]) from error

    async def _within(self, request: Request[requests.Jobs]) -> Any:
        try:
            return within(await self._farm.send(request), self._path)
        except NotFound as error:
            raise KeyError(self._path[-1]) from error
