"""What workers and pools do not touch when they change."""

from __future__ import annotations

from grange.core import commands as c
from grange.core.farm import Farm
from tests.build import begun, counted, edit_pool, join, submit


def test_news_of_a_worker_without_room_opens_no_demand(farm: Farm) -> None:
    edit_pool(farm, max_tasks_host=1)
    worker_id = join(farm)
    submit(farm)
    assert begun(farm) == [0]
    farm.apply(c.MeasureWorker(worker_id=worker_id, free_memory_mb=9, free_hdd_gb=9), 1)
    assert farm.state.open_demands == set()


def test_a_change_of_a_pool_asks_nothing_of_the_workers_of_others(farm: Farm) -> None:
    for path in ("/a", "/b"):
        edit_pool(farm, path, pattern=f"{path[1]}.*")
        join(farm, f"{path[1]}1")
    with counted("regroup") as calls:
        edit_pool(farm, "/a", power_host=7)
    assert calls["regroup"] == 1
