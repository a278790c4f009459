"""A broken promise, and what is generous enough to call it so."""

from __future__ import annotations

import msgspec

NS: float = 1e9  # in a second


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """A promise was broken.

    Attributes:
        promise: P1 to P8.
        text: what, which, when in seconds of the history.
    """

    promise: str
    text: str


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Times that a busy machine is granted, in seconds."""

    idle_s: float = 6.0  #: a worker is idle and a task ready
    linger_s: float = 6.0  #: a process lives though its run is over or its worker dead
    answer_s: float = 4.0  #: an answer takes
    gap_s: float = 2.0  #: between two looks; what was between is not known
