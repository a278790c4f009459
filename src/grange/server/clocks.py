"""Times of the worker protocol: the server's settings, and what a worker's pools say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from grange.core.objects import Pool

LEASE_MIN_S: Final = 10  # of a pool: a fifth of it is the time in which a worker kills its runs


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """Times of the worker protocol, in seconds."""

    lease_s: float = 60.0  #: a worker that is silent for so long has lost its runs
    worker_lease_s: float = 48.0  #: a worker kills its runs when unanswered for so long
    heartbeat_s: float = 2.0
    resources_s: float = 10.0


def clocks_of(pools: Sequence[Pool], farm: Clocks) -> Clocks:
    """The times of a worker.

    A lease is at most the farm's. So the farm's is what a server waits for that has just
    started and does not know what its former life has granted.

    Args:
        pools: the worker's own and all above it, the nearest first.
        farm: the server's settings.
    """
    lease, beat, figures = (
        _nearest(pools, name) for name in ("lease_s", "heartbeat_s", "resources_s")
    )
    if not (lease or beat or figures):
        return farm
    lease_s = min(max(lease, LEASE_MIN_S), farm.lease_s) if lease else farm.lease_s
    worker_lease_s = farm.worker_lease_s * lease_s / farm.lease_s
    return Clocks(
        lease_s=lease_s,
        worker_lease_s=worker_lease_s,
        heartbeat_s=min(beat or farm.heartbeat_s, worker_lease_s / 2),  # as the settings ask
        resources_s=figures or farm.resources_s,
    )


def _nearest(pools: Sequence[Pool], name: Literal["lease_s", "heartbeat_s", "resources_s"]) -> int:
    """What the nearest pool says that says something; 0 as the server."""
    return next((value for pool in pools if (value := getattr(pool.spec, name)) >= 0), 0)
