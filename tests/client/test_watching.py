from __future__ import annotations

import msgspec
import pytest

from grange.client.errors import ApiError, BadReply, JobDeleted
from grange.client.watching import Mirror, Watching, job_in, tells_of_log, tells_of_task
from grange.wire.watch import LogText, Watch, WatchError
from tests.client import build


def test_a_watch_opens_with_what_is_wanted() -> None:
    watching = Watching(Watch(workers=False, tasks_of=(12,)))
    assert msgspec.json.decode(watching.opening(), type=Watch).tasks_of == (12,)


def test_a_watch_that_is_opened_again_says_what_it_has_seen() -> None:
    watching = Watching(Watch())
    watching.received(msgspec.json.encode(build.snapshot(number=41)))
    assert msgspec.json.decode(watching.opening(), type=Watch).after == 41


def test_the_error_of_a_watch_is_raised() -> None:
    data = msgspec.json.encode(WatchError(code="bad-watch", message="no"))
    with pytest.raises(ApiError, match="no"):
        Watching(Watch()).received(data)


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(BadReply):
        Watching(Watch()).received("{}")


def test_a_mirror_shows_what_a_snapshot_says() -> None:
    mirror = Mirror()
    task = build.task_view(3)
    mirror.apply(
        build.snapshot(jobs=(build.job_view(),), workers=(build.worker_view(),), tasks=(task,))
    )
    assert (list(mirror.jobs), list(mirror.workers)) == ([12], [3])
    assert mirror.tasks == {(12, 0, 3): task}
    assert mirror.farm == build.FARM


def test_a_mirror_follows_changes_also_twice() -> None:
    mirror = Mirror()
    mirror.apply(build.snapshot(jobs=(build.job_view(11), build.job_view(12))))
    for _ in range(2):
        mirror.apply(build.patch(jobs=(build.done(12),), jobs_gone=(11,), workers_gone=(9,)))
    assert mirror.jobs == {12: build.done(12)}


def test_a_new_snapshot_forgets_what_was() -> None:
    mirror = Mirror()
    mirror.apply(build.snapshot(jobs=(build.job_view(11),)))
    mirror.apply(build.snapshot(jobs=(build.job_view(12),)))
    assert list(mirror.jobs) == [12]


def test_a_message_tells_of_a_job_or_not() -> None:
    assert job_in(build.patch(jobs=(build.done(),)), 12) == build.done()
    assert job_in(build.patch(jobs=(build.done(11),)), 12) is None
    with pytest.raises(JobDeleted, match="12"):
        job_in(build.patch(jobs_gone=(12,)), 12)


def test_a_message_tells_of_a_task_or_not() -> None:
    assert tells_of_task(build.snapshot(), 12, 0, 7)
    assert tells_of_task(build.patch(tasks=(build.task_view(7),)), 12, 0, 7)
    assert tells_of_task(build.patch(tasks_stale=((12, 0),)), 12, 0, 7)
    assert not tells_of_task(build.patch(tasks=(build.task_view(8),)), 12, 0, 7)


def test_a_message_tells_of_a_log_or_not() -> None:
    text = LogText(run_id=40, offset=0, text="a")
    assert tells_of_log(build.snapshot(), 40)
    assert tells_of_log(build.patch(logs=(text,)), 40)
    assert not tells_of_log(build.patch(logs=(text,)), 41)
