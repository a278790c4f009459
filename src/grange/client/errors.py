"""What this library raises: one tree, and each says what to do next."""

from __future__ import annotations

from typing_extensions import override

from grange.model.views import ErrorBody, JobView


class GrangeError(Exception):
    """Anything that this library raises."""


class NoServer(GrangeError):
    """Nothing says where the server is, or what says it cannot be used."""


class UnusablePathMap(GrangeError):
    """The path map of this machine cannot be read, or a rule of it cannot be as it is."""


class Unreachable(GrangeError):
    """The server does not answer."""


class WrongCertificate(Unreachable):
    """Who answers shows another certificate than the one that is expected."""


class BadReply(GrangeError):
    """What answers is no Grange server, or one of a version that this library cannot read."""


class ApiError(GrangeError):
    """The server refuses a request.

    Attributes:
        status: of HTTP; 0 over a WebSocket.
        code: stable, kebab-case.
        message: what is wrong, in a sentence.
        field: path of the field at fault, such as `blocks[0].frames`; "" none.
        hint: what to do; "" when the message says it.
    """

    def __init__(self, status: int, body: ErrorBody) -> None:
        super().__init__(status, body)
        self.status = status
        self.code = body.code
        self.message = body.message
        self.field = body.field
        self.hint = body.hint

    @override
    def __str__(self) -> str:
        where = f"{self.field}: " if self.field and self.field not in self.message else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"


class NotSignedIn(ApiError):
    """The server does not know who asks: no token, a wrong one, or one that was revoked."""


class NotAllowed(ApiError):
    """The server knows who asks, and that he may not."""


class NotFound(ApiError):
    """There is no such job, block, task, run, worker, user, branch, pool or credential."""


class JobDeleted(GrangeError):
    """The job that is watched was deleted."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} was deleted")
        self.job_id = job_id


class JobFailed(GrangeError):
    """The job that was waited for has failed.

    Attributes:
        job: as it was found.
    """

    def __init__(self, job: JobView) -> None:
        failed = job.tasks.failed
        tasks = "1 task" if failed == 1 else f"{failed} tasks"
        super().__init__(f"job {job.job_id} {job.name!r} has failed: {tasks} of {job.tasks.total}")
        self.job = job


class WaitTimedOut(GrangeError, TimeoutError):
    """The job was not finished in the time that was given."""


def refusal(status: int, body: ErrorBody) -> ApiError:
    """Give the error of a refused request its class."""
    kinds = {401: NotSignedIn, 403: NotAllowed, 404: NotFound}
    return kinds.get(status, ApiError)(status, body)
