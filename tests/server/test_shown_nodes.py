"""What is shown of a worker beside its load."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.model.ids import WorkerId
from grange.model.run import NetworkInterface, Resources, Traits
from grange.model.views import WorkerView
from grange.server.gauges import Gauges
from grange.server.shown_nodes import worker_view
from tests.build import begun, block, edit_worker, job, join, submit, worker_of

ON_THE_NET = Traits(
    macs=("02:42:ac:11:00:02",),
    netifs=(NetworkInterface(name="eth0", mac="02:42:ac:11:00:02", addresses=("10.0.0.7",)),),
)


class Seen:
    """A farm, its telemetry, and what is shown of a worker."""

    def __init__(self) -> None:
        self.farm = Farm()
        self.gauges = Gauges()

    def view(self, worker_id: WorkerId) -> WorkerView:
        return worker_view(self.farm.state, self.gauges, worker_of(self.farm, worker_id))


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.mark.proves(
    "render.attributes.address_family",
    "render.attributes.address_ip",
    "render.attributes.netifs",
    "render.attributes.time_launch",
    "render.attributes.time_register",
    "render.attributes.time_update",
)
@pytest.mark.parametrize(("address", "family"), [("10.0.0.7", "IPv4"), ("fd00::7", "IPv6")])
def test_a_worker_shows_where_it_is_and_since_when(seen: Seen, address: str, family: str) -> None:
    fields: dict[str, Any] = {"address": address, "launched": 900.0, "traits": ON_THE_NET}
    worker_id = join(seen.farm, now=950, **fields)
    seen.gauges.note_resources(worker_id, Resources(), 990.0)
    join(seen.farm, now=970, **fields)
    view = seen.view(worker_id)
    assert (view.address, view.address_family) == (address, family)
    times = (view.registered, view.launched, view.joined, view.updated, view.rested)
    assert times == (950.0, 900.0, 970.0, 990.0, 0.0)
    assert view.traits.netifs == ON_THE_NET.netifs


def test_what_a_worker_did_not_tell_is_not_shown(seen: Seen) -> None:
    view = seen.view(join(seen.farm))
    shown = (view.address, view.address_family, view.launched, view.updated, view.trouble)
    assert shown == ("", "", 0.0, 0.0, "")


@pytest.mark.proves("render.attributes.wol_operation_time")
def test_when_a_machine_was_put_to_sleep_is_shown(seen: Seen) -> None:
    worker_id = join(seen.farm, now=950, traits=ON_THE_NET)
    seen.farm.apply(c.InstructWorker(worker_id=worker_id, what="sleep"), 960)
    assert seen.view(worker_id).rested == 960.0


@pytest.mark.proves("render.attributes.tasks")
def test_a_worker_shows_whose_tasks_it_runs(seen: Seen) -> None:
    worker_id = join(seen.farm)
    submit(seen.farm, job(block("1"), name="castle"), user="bob")
    assert begun(seen.farm) == [0]
    (run,) = seen.view(worker_id).runs
    assert (run.user, run.job_name) == ("bob", "castle")


@pytest.mark.proves("render.states.dirty")
def test_a_worker_shows_what_it_does_not_have_of_its_pool(seen: Seen) -> None:
    worker_id = join(seen.farm)
    assert seen.view(worker_id).dirty == ()
    own: dict[str, Any] = {
        "services_disabled": ["nuke"],
        "max_tasks_host": 0,
        "tickets_host": {"a": {"count": 1}},
    }
    others = {"priority": 5, "annotation": "x", "nimby": "owner", "user": "ada", "pool": "/"}
    edit_worker(seen.farm, worker_id, **(own | others))
    assert seen.view(worker_id).dirty == tuple(own)
    edit_worker(seen.farm, worker_id, services_disabled=[], max_tasks_host=-1, tickets_host={})
    assert seen.view(worker_id).dirty == ()


def test_a_worker_shows_what_people_were_told_of_it(seen: Seen) -> None:
    worker_id = join(seen.farm)
    seen.gauges.note_trouble(worker_id, "no task for 60 s")
    assert seen.view(worker_id).trouble == "no task for 60 s"
    seen.gauges.note_trouble(worker_id, "")
    assert seen.view(worker_id).trouble == ""


def test_nothing_is_kept_of_a_worker_that_is_deleted(seen: Seen) -> None:
    worker_id = join(seen.farm)
    seen.gauges.note_resources(worker_id, Resources(), 5.0)
    seen.gauges.note_trouble(worker_id, "no task for 60 s")
    seen.farm.apply(c.LoseWorker(worker_id=worker_id), 6)
    out = seen.farm.apply(c.DeleteWorker(worker_id=worker_id), 7)
    seen.gauges.forget(out.events)
    kept = (seen.gauges.resources, seen.gauges.updated, seen.gauges.troubles)
    assert kept == ({}, {}, {})
