"""Why a worker does not run. The text of each is the sentence for people."""

from __future__ import annotations


class WorkerCannotRun(Exception):
    """The worker must not or cannot run here."""


class HomeInUse(WorkerCannotRun):
    """Another daemon has the state folder."""


class LinkInsecure(WorkerCannotRun):
    """The server's address would send the credential in the clear."""


class LinkRefused(WorkerCannotRun):
    """The server will not have this worker."""
