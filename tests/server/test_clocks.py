"""Times of the worker protocol, as pools set them."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core.farm import Farm
from grange.server.clocks import Clocks, clocks_of
from tests.build import edit_pool

FARM = Clocks(lease_s=60.0, worker_lease_s=48.0, heartbeat_s=2.0, resources_s=10.0)


def found(path: str = "/", **fields: Any) -> Clocks:
    farm = Farm()
    edit_pool(farm, **fields)
    if path != "/":
        edit_pool(farm, path)
    return clocks_of(farm.state.pool_chain(path), FARM)


def test_where_no_pool_says_others_the_times_are_the_servers() -> None:
    assert found() is FARM
    assert found(lease_s=0, heartbeat_s=0, resources_s=0) is FARM


def test_a_pool_below_inherits_the_times() -> None:
    wanted = Clocks(lease_s=30.0, worker_lease_s=24.0, heartbeat_s=5.0, resources_s=7.0)
    assert found("/cloud", lease_s=30, heartbeat_s=5, resources_s=7) == wanted


def test_a_pool_may_go_back_to_the_servers_times() -> None:
    farm = Farm()
    edit_pool(farm, lease_s=30)
    edit_pool(farm, "/desks", lease_s=0)
    assert clocks_of(farm.state.pool_chain("/desks"), FARM) is FARM


@pytest.mark.parametrize(("set_s", "lease_s"), [(1, 10.0), (10, 10.0), (59, 59.0), (900, 60.0)])
def test_a_lease_is_neither_too_short_nor_longer_than_the_servers(
    set_s: int, lease_s: float
) -> None:
    clocks = found(lease_s=set_s)
    assert clocks.lease_s == lease_s
    assert clocks.worker_lease_s == pytest.approx(0.8 * lease_s)


def test_a_lease_holds_two_beats_whatever_is_set() -> None:
    assert found(lease_s=10, heartbeat_s=30).heartbeat_s == 4.0
    assert found(heartbeat_s=300).heartbeat_s == 24.0


def test_a_server_with_a_very_short_lease_keeps_it() -> None:
    farm = Farm()
    edit_pool(farm, lease_s=30)
    tiny = Clocks(lease_s=2.0, worker_lease_s=1.6, heartbeat_s=0.5, resources_s=1.0)
    assert clocks_of(farm.state.pool_chain("/"), tiny) == tiny
