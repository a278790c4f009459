"""The disk in memory keeps what the real store keeps."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grange.core import commands as c
from grange.core.check import faults
from grange.core.farm import Farm
from grange.core.records import Changes, Snapshot
from grange.sim.disk import Disk
from grange.sim.world import Wish, World
from grange.store.sql import open_store
from tests.build import block, job, join, submit


def plain(snapshot: Snapshot) -> tuple[dict[str, int], list[bytes]]:
    bodies = [
        type(item).__name__.encode() + msgspec.msgpack.encode(item) for item in snapshot.records
    ]
    return snapshot.last_ids, sorted(bodies)


def test_it_gives_back_what_the_real_store_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'farm.db'}")
    seen: list[tuple[int, int]] = []

    class Both(Disk):
        def commit(self, changes: Changes) -> None:
            store.commit(changes, ())
            super().commit(changes)

        def load(self) -> Snapshot:
            found = super().load()
            assert plain(found) == plain(store.load())
            seen.append((len(found.records), len(seen)))
            return found

    monkeypatch.setattr("grange.sim.world.Disk", Both)
    World(Wish(12, 1.0, seed=2, faults=True, haste=4)).run()
    store.close()
    assert len(seen) >= 2


def test_what_is_deleted_is_gone() -> None:
    farm, disk = Farm(), Disk()
    job_id = submit(farm, job(block("1-300")))
    worker_id = join(farm)
    farm.apply(c.EditPool(path="/pool", changes={}), 1)
    farm.apply(c.EditUser(user="bob", changes={}), 1)
    disk.commit(farm.take_dirty())
    assert len(disk.load().records) > 4
    farm.apply(c.LoseWorker(worker_id=worker_id), 2)
    for command in (
        c.DeleteJob(job_id=job_id),
        c.DeleteWorker(worker_id=worker_id),
        c.DeletePool(path="/pool"),
        c.DeleteUser(user="bob"),
    ):
        farm.apply(command, 2)
    disk.commit(farm.take_dirty())
    kinds = sorted(type(item).__name__ for item in disk.load().records)
    assert kinds == ["UserRecord"]
    assert list(faults(Farm.restore(disk.load(), 3).state)) == []
