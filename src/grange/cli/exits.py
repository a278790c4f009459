"""With which status `grange` ends."""

from __future__ import annotations

from enum import IntEnum

from grange.client import errors


class ExitCode(IntEnum):
    """The exit statuses; scripts may rely on them."""

    OK = 0  #: done
    FAILED = 1  #: the server refused, the job failed, or the farm is not in order
    USAGE = 2  #: the command line cannot be understood
    UNREACHABLE = 3  #: no server is known, or it does not answer
    NOT_ALLOWED = 4  #: not signed in, or not allowed
    NOT_FOUND = 5  #: there is no such job, task, worker, user ...
    INTERRUPTED = 130  #: by Ctrl-C


_BY_ERROR: dict[type[errors.GrangeError], ExitCode] = {
    errors.NoServer: ExitCode.UNREACHABLE,
    errors.Unreachable: ExitCode.UNREACHABLE,
    errors.WrongCertificate: ExitCode.UNREACHABLE,
    errors.NotSignedIn: ExitCode.NOT_ALLOWED,
    errors.NotAllowed: ExitCode.NOT_ALLOWED,
    errors.NotFound: ExitCode.NOT_FOUND,
    errors.JobDeleted: ExitCode.NOT_FOUND,
}


def exit_code(error: errors.GrangeError) -> ExitCode:
    """Give the status with which an error ends the command."""
    return _BY_ERROR.get(type(error), ExitCode.FAILED)
