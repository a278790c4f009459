"""Figures over time."""

from __future__ import annotations

from random import Random

from grange.model.ids import JobId, RunId
from grange.model.spec import JobSpec
from grange.sim.agenda import DAY_S, HOUR_S, MONDAY_S, Agenda, is_workday
from grange.sim.books import Flight, JobEntry, Machine
from grange.sim.measure import Gauge, Measures
from grange.sim.studio import KINDS, machine_counts, people


def test_things_are_done_in_order_of_time_and_then_as_they_were_added() -> None:
    agenda, seen = Agenda(100.0), list[str]()
    agenda.at(120.0, seen.append, "c")
    agenda.at(110.0, seen.append, "a")
    agenda.at(110.0, seen.append, "b")
    agenda.at(5.0, seen.append, "late")
    assert agenda.next() == 100.0
    agenda.step()
    agenda.step()
    assert (seen, agenda.now, agenda.next()) == (["late", "a", "b"], 110.0, 120.0)


def test_a_world_begins_on_a_monday() -> None:
    assert [is_workday(MONDAY_S + day * DAY_S) for day in range(8)] == [
        *[True] * 5,
        *[False] * 2,
        True,
    ]


def test_a_gauge_knows_the_area_under_its_level() -> None:
    gauge = Gauge(0.0)
    gauge.add(2, 10.0)
    gauge.add(-1, 20.0)
    assert (gauge.take(30.0), gauge.take(40.0)) == (30.0, 10.0)


def test_use_is_a_part_of_what_was_offered() -> None:
    agenda = Agenda()
    measures = Measures(agenda)
    measures.offer(Machine("m", KINDS[0]), 1)
    agenda.now += HOUR_S
    measures.end_hour()
    uses = {use.kind: (use.hours, use.mean) for use in measures.uses()}
    assert uses["blades"] == ((0.0,), 0.0)
    assert uses["workstations"] == ((-1.0,), -1.0)
    assert uses["all"] == ((0.0,), 0.0)


def test_what_still_runs_where_somebody_sits_is_offered() -> None:
    agenda = Agenda()
    measures = Measures(agenda)
    machine = Machine("m", KINDS[0], offered=True)
    entry = JobEntry(JobId(1), "comp", JobSpec(name="j", blocks=()), "ada", 0.0, 0.0, [])
    half = KINDS[0].capacity // 2
    flight = Flight(RunId(1), entry, 0, 0, machine, 0.0, half, 0, (), {})
    measures.offer(machine, 1)
    measures.started(flight, 0.0)
    machine.capacity_used = half
    machine.offered = False
    measures.offer(machine, -1)
    agenda.now += HOUR_S
    measures.end_hour()
    machine.capacity_used = 0
    measures.ended(flight)
    agenda.now += HOUR_S
    measures.end_hour()
    (use,) = [use for use in measures.uses() if use.kind == KINDS[0].name]
    assert use.hours == (1.0, -1.0)


def test_all_nodes_are_of_some_kind() -> None:
    for nodes in (4, 50, 333, 10_000):
        counts = machine_counts(nodes)
        assert sum(count for _, count in counts) == nodes
        assert all(count > 0 for _, count in counts)


def test_a_small_studio_has_one_of_each_trade() -> None:
    assert len({person.trade.name for person in people(10, Random(1))}) == 9
    assert len(people(10_000, Random(1))) > 200
