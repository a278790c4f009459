"""The checks can fail: a farm, a worker or a disk that is broken on purpose is caught."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from grange.core import runs
from grange.core.commands import EndRun
from grange.core.records import BlockRecord, Changes, ChunkRecord, JobRecord, TokenRecord
from grange.core.state import FarmState
from grange.sim import machines
from grange.sim.disk import Disk
from grange.sim.weather import Rates
from grange.sim.world import Fell, Wish, World

pytestmark = pytest.mark.slow


def broken(rates: Rates | None = None, days: float = 1.0) -> set[str]:
    """The promises that a world breaks."""
    world = World(Wish(50, days, seed=3, faults=True, haste=10), rates=rates)
    world.run()
    return set(world.checks.found)


def forgetful(*kinds: type) -> type[Disk]:
    """A disk that loses every fourth record of some kinds."""

    class Forgetful(Disk):
        count = 0

        def commit(self, changes: Changes) -> None:
            kept = []
            for record in changes.put:
                Forgetful.count += isinstance(record, kinds)
                if not isinstance(record, kinds) or Forgetful.count % 4:
                    kept.append(record)
            changes.put = kept
            super().commit(changes)

    return Forgetful


def test_a_worker_that_ignores_its_lease_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "WORKER_LEASE_S", 3_600.0)
    assert "P3" in broken(Rates(cut=2.0))


def test_licences_that_are_not_counted_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FarmState, "ticket_free", lambda *_: True)
    assert "P6" in broken()


def test_results_that_a_disk_loses_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grange.sim.world.Disk", forgetful(ChunkRecord))
    assert "P2" in broken()


def test_jobs_that_a_disk_loses_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {1, 2, 3}

    class Careless(Disk):
        def commit(self, changes: Changes) -> None:
            kinds = JobRecord | BlockRecord | ChunkRecord | TokenRecord
            changes.put = [
                r for r in changes.put if not (isinstance(r, kinds) and r.job_id in lost)
            ]
            super().commit(changes)

    monkeypatch.setattr("grange.sim.world.Disk", Careless)
    assert "P1" in broken(Rates(restarts=6))


def test_a_freed_machine_that_is_forgotten_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "freshen", lambda *_: None)
    assert "P5" in broken()


def test_a_result_that_counts_for_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = runs.settle_task

    def forget(state, job, block, run, result, now, out):  # type: ignore[no-untyped-def]
        status = "lost" if run.run_id % 9 == 0 else result.status
        settle(state, job, block, run, replace(result, status=status), now, out)

    monkeypatch.setattr(runs, "settle_task", forget)
    assert "P2" in broken()


def test_where_a_rule_fails_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FarmState, "ticket_free", lambda *_: 1 / 0)
    with pytest.raises(Fell, match=r"^seed 3, after \d+\.\d+ s of its time$"):
        broken()


def test_a_run_that_is_given_out_twice_is_seen() -> None:
    world = World(Wish(20, 0.6, seed=1, haste=10))
    ask = world.server.ask

    def end_early(command, then=None, booked=None):  # type: ignore[no-untyped-def]
        """A farm that takes runs back behind the back of their workers."""
        taken = ask(command, then, booked)
        if isinstance(command, EndRun) and world.books.flights and command.run_id % 10 == 0:
            flight = next(iter(world.books.flights.values()))
            lost = replace(command.result, status="lost")
            worker_id = flight.machine.worker_id
            ask(EndRun(worker_id=worker_id, run_id=flight.run_id, result=lost))
        return taken

    world.server.ask = end_early  # type: ignore[method-assign]
    world.run()
    assert "P3" in world.checks.found
