"""The client for programs with an event loop: `async with AsyncClient() as farm: ...`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from websockets.asyncio.client import connect

from grange.client import transport
from grange.client.async_handles import AsyncJobHandle
from grange.client.async_pyfarm import AsyncPyFarmDict
from grange.client.path_map import job_to_server
from grange.client.places import Place, find
from grange.client.requests import farm as farm_requests
from grange.client.requests import jobs as job_requests
from grange.client.requests import workers as worker_requests
from grange.client.requests.message import Reply, Request
from grange.client.tries import PATIENCE_S, RECONNECT_S, Tries
from grange.client.watching import Message, Watching
from grange.model.spec import JobSpec
from grange.model.views import FarmView, WorkerView
from grange.plugins.paths import PathMap
from grange.wire.watch import Watch

T = TypeVar("T")


class AsyncClient:
    """A farm, seen from a program with an event loop; the counterpart of `Client`.

    Args:
        server: address, such as https://farm:7420.
        token: shows who asks.
        fingerprint: SHA-256 of the server's certificate, in hex.
        timeout_s: how long the answer to one request may take.
        patience_s: how long a server that is away is tried again; 0 tries once.
        path_map: turns this machine's paths into the server's in what is submitted; None takes
            the one of this machine's settings, see `grange.client.path_map`.
    """

    def __init__(
        self,
        server: str | None = None,
        token: str | None = None,
        *,
        fingerprint: str | None = None,
        timeout_s: float = 30.0,
        patience_s: float = PATIENCE_S,
        path_map: PathMap | None = None,
    ) -> None:
        self.place: Place = find(server, token, fingerprint)
        self._patience_s = patience_s
        self._path_map = path_map
        self._http = httpx.AsyncClient(**transport.http_options(self.place, timeout_s))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def submit(self, job: JobSpec, *, token: str | None = None) -> AsyncJobHandle:
        """Submit a job. Returns once the farm has it on its disk; see `Client.submit`."""
        outgoing = job_to_server(job, self._path_map)
        asked = job_requests.submit(outgoing, token or secrets.token_urlsafe(16))
        found = await self.send(asked)
        return await self.job(found.job_id)

    async def check(self, job: JobSpec) -> job_requests.Plan:
        """Have a job checked, and its commands written out, without submitting it."""
        return await self.send(job_requests.check(job_to_server(job, self._path_map)))

    async def job(self, job_id: int) -> AsyncJobHandle:
        """Give one job.

        Raises:
            NotFound: there is none of that id.
        """
        return AsyncJobHandle(self, (await self.send(job_requests.detail(job_id))).job)

    async def jobs(
        self, *, user: str = "", state: str = "", name: str = ""
    ) -> list[AsyncJobHandle]:
        """Give the jobs, the newest first; see `Client.jobs`."""
        found = await self.send(job_requests.listed(user=user, state=state, name=name))
        return [AsyncJobHandle(self, view) for view in found]

    async def workers(self) -> tuple[WorkerView, ...]:
        """Give all workers."""
        return await self.send(worker_requests.listed())

    async def summary(self) -> FarmView:
        """Give the farm in one line."""
        return await self.send(farm_requests.summary())

    def pyfarm_jobs(self) -> AsyncPyFarmDict:
        """Give the farm as PyFarm's nested dictionary; see `grange.client.async_pyfarm`."""
        return AsyncPyFarmDict(self)

    async def send(self, request: Request[T]) -> T:
        """Send any request of `grange.client.requests` and give what its reply says.

        Raises:
            ApiError: the server refuses it.
            Unreachable: no answer came.
            BadReply: the answer cannot be understood.
        """
        tries = Tries(self._patience_s)
        while True:
            try:
                reply = await self._exchange(request)
            except httpx.TransportError as error:
                pause = tries.pause() if transport.again(request, error) else None
                if pause is None:
                    raise transport.unreachable(self.place, error) from error
            else:
                pause = tries.after(reply)
                if pause is None:
                    return request.result(reply)
            await asyncio.sleep(pause)

    async def watch(self, want: Watch | None = None) -> AsyncGenerator[Message]:
        """Watch the farm: first a whole picture, then each change; see `Client.watch`.

        How long is for the caller to say, by `asyncio.timeout`.
        """
        watching = Watching(want or Watch())
        tries = Tries(self._patience_s)
        while True:
            lost: Exception = ConnectionError("the watch was closed")
            try:
                async with connect(**transport.watch_options(self.place)) as socket:
                    await socket.send(watching.opening())
                    async for data in socket:
                        message = watching.received(data)
                        tries = Tries(RECONNECT_S)
                        yield message
            except transport.WATCH_LOST as error:
                lost = error
            await asyncio.sleep(transport.pause_of_watch(self.place, lost, tries))

    async def _exchange(self, request: Request[Any]) -> Reply:
        return transport.reply(await self._http.request(**transport.exchange_options(request)))
