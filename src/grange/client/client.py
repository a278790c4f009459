"""The client for scripts that wait: `with Client() as farm: ...`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from grange.client import transport
from grange.client.errors import WaitTimedOut
from grange.client.handles import JobHandle
from grange.client.path_map import job_to_server
from grange.client.places import Place, find
from grange.client.pyfarm import PyFarmDict
from grange.client.requests import farm as farm_requests
from grange.client.requests import jobs as job_requests
from grange.client.requests import workers as worker_requests
from grange.client.requests.message import Reply, Request
from grange.client.tries import PATIENCE_S, RECONNECT_S, Tries
from grange.client.waiting import WaitingSocket
from grange.client.watching import Message, Watching
from grange.model.spec import JobSpec
from grange.model.views import FarmView, WorkerView
from grange.plugins.paths import PathMap
from grange.wire.watch import Watch

T = TypeVar("T")


class Client:
    """A farm, seen from a script.

    Without arguments it finds the server by itself, see `grange.client.places`. All that the
    server can do beyond the methods below is in `grange.client.requests`: send it by `send`.

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
        self._http = httpx.Client(**transport.http_options(self.place, timeout_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def submit(self, job: JobSpec, *, token: str | None = None) -> JobHandle:
        """Submit a job. Returns once the farm has it on its disk.

        A submission whose answer was lost is sent again under the same token, so that the
        farm takes the job once.

        Args:
            job: what is asked for.
            token: to recognise the submission by; None makes one.

        Raises:
            ApiError: the server refuses the job; `field` says where it is wrong.
            Unreachable: no answer came; the same job under the same token may be sent again.
            UnusablePathMap: the path map of this machine cannot be used.
        """
        outgoing = job_to_server(job, self._path_map)
        asked = job_requests.submit(outgoing, token or secrets.token_urlsafe(16))
        found = self.send(asked)
        return self.job(found.job_id)

    def check(self, job: JobSpec) -> job_requests.Plan:
        """Have a job checked, and its commands written out, without submitting it."""
        return self.send(job_requests.check(job_to_server(job, self._path_map)))

    def job(self, job_id: int) -> JobHandle:
        """Give one job.

        Raises:
            NotFound: there is none of that id.
        """
        return JobHandle(self, self.send(job_requests.detail(job_id)).job)

    def jobs(self, *, user: str = "", state: str = "", name: str = "") -> list[JobHandle]:
        """Give the jobs, the newest first.

        Args:
            user: only this user's.
            state: only in this state.
            name: only those whose name has this text in it.
        """
        found = self.send(job_requests.listed(user=user, state=state, name=name))
        return [JobHandle(self, view) for view in found]

    def workers(self) -> tuple[WorkerView, ...]:
        """Give all workers."""
        return self.send(worker_requests.listed())

    def summary(self) -> FarmView:
        """Give the farm in one line."""
        return self.send(farm_requests.summary())

    def pyfarm_jobs(self) -> PyFarmDict:
        """Give the farm as PyFarm's nested dictionary, live; see `grange.client.pyfarm`."""
        return PyFarmDict(self)

    def send(self, request: Request[T]) -> T:
        """Send any request of `grange.client.requests` and give what its reply says.

        Raises:
            ApiError: the server refuses it.
            Unreachable: no answer came.
            BadReply: the answer cannot be understood.
        """
        tries = Tries(self._patience_s)
        while True:
            try:
                reply = self._exchange(request)
            except httpx.TransportError as error:
                pause = tries.pause() if transport.again(request, error) else None
                if pause is None:
                    raise transport.unreachable(self.place, error) from error
            else:
                pause = tries.after(reply)
                if pause is None:
                    return request.result(reply)
            time.sleep(pause)

    def watch(
        self, want: Watch | None = None, *, timeout_s: float | None = None
    ) -> Generator[Message]:
        """Watch the farm: first a whole picture, then each change.

        A connection that is lost is made anew, and goes on where it was.

        Args:
            want: what to watch; None all jobs and workers.
            timeout_s: how long; None for ever.

        Raises:
            WaitTimedOut: the time is over.
        """
        ends = None if timeout_s is None else time.monotonic() + timeout_s
        watching = Watching(want or Watch())
        tries = Tries(self._patience_s)
        while True:
            lost: Exception = ConnectionError("the watch was closed")
            try:
                with WaitingSocket(transport.watch_options(self.place)) as socket:
                    socket.send(watching.opening())
                    while True:
                        message = watching.received(socket.recv(_left(ends)))
                        tries = Tries(RECONNECT_S)
                        yield message
            except transport.WATCH_LOST as error:
                lost = error
            left = _left(ends)
            pause = transport.pause_of_watch(self.place, lost, tries)
            time.sleep(pause if left is None else min(pause, left))

    def _exchange(self, request: Request[Any]) -> Reply:
        return transport.reply(self._http.request(**transport.exchange_options(request)))


def _left(ends: float | None) -> float | None:
    """Seconds until a point of the monotonic clock."""
    if ends is None:
        return None
    left = ends - time.monotonic()
    if left <= 0:
        raise WaitTimedOut("the time given for watching is over")
    return left
