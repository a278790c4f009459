"""The harness against the real server: simulated workers, bad requests, drivers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.bad_requests import send
from bench.hostile.requests import Writer, bad_requests
from bench.load import Load, plan_of, run
from bench.peers.driver import WHO, Driver, Who
from bench.server import Server
from bench.swarm.handle import Swarm

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(slots=2) as server:
        yield server


def test_simulated_workers_link_and_beat(server: Server) -> None:
    with Swarm(plan_of(server, workers=3)) as swarm, server.client() as client:
        swarm.all_linked()
        assert client.summary().workers_online == 3
        assert not swarm.tally.trouble


def test_simulated_workers_run_what_they_are_given_and_no_task_twice() -> None:
    seconds: list[float] = []
    load = Load(workers=2, slots=4, seconds=0.1, frames=200, jobs=2)
    found = run(load, lambda second: seconds.append(second.runs_per_s), lambda pid, swarm: None)
    assert seconds
    assert (found.twice, found.trouble) == (0, "")


def test_every_bad_request_is_refused_and_its_field_named(server: Server) -> None:
    where = server.where().url.removeprefix("http://")
    answers = [send(where, bad) for bad in bad_requests(Writer(where, server.token()))]
    assert len(answers) >= 55
    assert [answer.bad.name for answer in answers if not answer.answered] == []
    assert [answer.bad.name for answer in answers if not answer.named] == []


@pytest.mark.parametrize("who", [who for who in WHO if who.ours], ids=lambda who: who.module)
def test_our_drivers_run_what_they_are_told(who: Who) -> None:
    with Driver(who) as driver:
        assert driver.batch(3) > 0
        assert driver.once() > 0
