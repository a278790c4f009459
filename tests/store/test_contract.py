"""What every store promises; each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading

import msgspec
import pytest

from grange.core.records import Changes
from grange.model.ids import JobId, WorkerId
from grange.model.states import RunStatus
from grange.store.sql import SqlStore, open_store
from grange.store.store import Store, StoreBroken, StoreInUse
from tests.store import make
from tests.store.conftest import Opener


def test_an_empty_store_gives_an_empty_snapshot(store: Store) -> None:
    snapshot = store.load()
    assert snapshot.last_ids == {}
    assert snapshot.records == []


def test_what_was_put_comes_back_equal_after_a_restart(url: str, opened: Opener) -> None:
    before = opened(url)
    before.commit(make.puts(*reversed(make.one_of_each()), last_id=5))
    before.close()
    snapshot = opened(url).load()
    assert snapshot.last_ids == {"run": 5}
    assert snapshot.records == make.one_of_each()


def test_a_record_replaces_the_one_of_its_key(store: Store) -> None:
    store.commit(make.puts(make.job(1, "old"), make.job(2)))
    store.commit(make.puts(make.job(1, "new")))
    assert store.load().records == [make.job(1, "new"), make.job(2)]


def test_the_last_id_stays_when_a_commit_allots_none(store: Store) -> None:
    store.commit(make.puts(last_id=9))
    store.commit(make.puts(make.user()))
    assert store.load().last_ids == {"run": 9}


def test_a_commit_of_nothing_is_harmless(store: Store) -> None:
    store.commit(Changes())
    assert store.load().records == []


def test_a_deleted_job_takes_its_blocks_chunks_and_names(store: Store) -> None:
    other = [make.job(2), make.block(2), make.names(2), make.chunk(2)]
    store.commit(make.puts(*make.one_of_each(), *other))
    store.commit(Changes(deleted_jobs=[JobId(1)]))
    left = ["Branch", "User", "Pool", "Worker", "Job", "Block", "Names", "Chunk", "Token", "Run"]
    snapshot = store.load()
    assert make.kept(snapshot) == left
    assert snapshot.records[4:8] == other


def test_runs_and_notes_of_a_deleted_job_stay(store: Store) -> None:
    done = make.ended(make.run(5))
    store.commit(Changes(put=[make.job(), done], notes=[make.note("made")]))
    store.commit(Changes(deleted_jobs=[JobId(1)], notes=[make.note("gone")]))
    assert store.runs(1) == [done]
    assert [note.text for note in store.notes(1)] == ["made", "gone"]


def test_what_is_put_of_a_job_that_is_deleted_with_it_is_left_out(store: Store) -> None:
    store.commit(Changes(put=make.one_of_each(), deleted_jobs=[JobId(1)]))
    left = ["Branch", "User", "Pool", "Worker", "Token", "Run"]
    assert make.kept(store.load()) == left


def test_users_branches_pools_workers_and_tokens_can_be_deleted(store: Store) -> None:
    store.commit(make.puts(*make.one_of_each(), make.token("kept")))
    store.commit(
        Changes(
            deleted_users=["ann"],
            deleted_branches=["/show"],
            deleted_pools=["/"],
            deleted_workers=[WorkerId(7)],
            deleted_tokens=[("ann", "t")],
        )
    )
    snapshot = store.load()
    assert make.kept(snapshot) == ["Job", "Block", "Names", "Chunk", "Token", "Run"]
    assert snapshot.records[4] == make.token("kept")


def test_a_name_that_is_deleted_and_put_again_exists(store: Store) -> None:
    store.commit(make.puts(make.user()))
    store.commit(Changes(put=[make.user()], deleted_users=["ann"]))
    assert store.load().records == [make.user()]


def test_only_open_runs_are_in_the_snapshot(store: Store) -> None:
    store.commit(make.puts(make.run(1), make.run(2), make.ended(make.run(3))))
    store.commit(make.puts(make.ended(make.run(1))))
    assert store.load().records == [make.run(2)]


def test_a_run_is_found_by_its_number(store: Store) -> None:
    store.commit(make.puts(make.run(3)))
    store.commit(make.puts(make.ended(make.run(3), RunStatus.LOST)))
    assert store.run(3) == make.ended(make.run(3), RunStatus.LOST)
    assert store.run(4) is None


def test_runs_are_listed_by_job_block_and_task_newest_first(store: Store) -> None:
    places = [(1, 0, 0), (1, 0, 1), (1, 1, 0), (2, 0, 0), (1, 0, 0)]
    found = [
        make.run(number, job_id=job, block=block, task=task)
        for number, (job, block, task) in enumerate(places, 1)
    ]
    store.commit(make.puts(*found))
    assert [run.run_id for run in store.runs(1)] == [5, 3, 2, 1]
    assert [run.run_id for run in store.runs(1, 0)] == [5, 2, 1]
    assert [run.run_id for run in store.runs(1, 0, 0)] == [5, 1]
    assert store.runs(9) == []


def test_runs_are_listed_page_by_page(store: Store) -> None:
    store.commit(make.puts(*map(make.run, range(1, 8))))
    assert [run.run_id for run in store.runs(1, limit=3)] == [7, 6, 5]
    assert [run.run_id for run in store.runs(1, limit=3, before_run_id=5)] == [4, 3, 2]
    assert [run.run_id for run in store.runs(1, 0, 0, limit=9, before_run_id=2)] == [1]


def test_runs_are_listed_by_worker(store: Store) -> None:
    store.commit(make.puts(make.run(1, worker=7), make.run(2, worker=8), make.run(3, worker=7)))
    assert [run.run_id for run in store.runs_of_worker(7)] == [3, 1]
    assert [run.run_id for run in store.runs_of_worker(7, before_run_id=3)] == [1]


def test_notes_are_listed_by_job_block_and_task_oldest_first(store: Store) -> None:
    notes = [
        make.note("job"),
        make.note("block 0", 0),
        make.note("block 1", 1),
        make.note("task 5", 0, 5),
        make.note("tasks 5-9", 0, 5, 9),
        make.note("other job", job_id=2),
    ]
    store.commit(Changes(notes=notes))
    assert store.notes(1) == notes[:5]
    assert [note.text for note in store.notes(1, 0)] == ["job", "block 0", "task 5", "tasks 5-9"]
    assert [note.text for note in store.notes(1, 0, 9)] == ["job", "block 0", "tasks 5-9"]
    assert [note.text for note in store.notes(1, 0, 4)] == ["job", "block 0"]
    assert [note.text for note in store.notes(1, 0, 5)][2:] == ["task 5", "tasks 5-9"]


def test_of_many_notes_the_latest_are_given(store: Store) -> None:
    store.commit(Changes(notes=[make.note(str(number)) for number in range(9)]))
    assert [note.text for note in store.notes(1, limit=2)] == ["7", "8"]


def test_what_was_asked_is_listed_newest_first(store: Store) -> None:
    for action in ("PauseJob", "EditJob", "DeleteJob"):
        store.commit(Changes(), [make.audit(action)])
    found = store.audit()
    assert [item.action for item in found] == ["DeleteJob", "EditJob", "PauseJob"]
    assert msgspec.structs.replace(found[1], audit_id=0) == make.audit("EditJob")
    assert [item.action for item in store.audit(limit=1, before=found[1].audit_id)] == ["PauseJob"]


def test_what_was_asked_is_found_by_user_and_by_object(store: Store) -> None:
    asked = [make.audit("a"), make.audit("b", user="bob"), make.audit("c", target="worker/1")]
    store.commit(Changes(), asked)
    assert [item.action for item in store.audit(user="ann")] == ["c", "a"]
    assert [item.action for item in store.audit(target="job/1")] == ["b", "a"]
    assert [item.action for item in store.audit(user="ann", target="job/1")] == ["a"]


def test_credentials_are_kept_replaced_and_removed(url: str, opened: Opener) -> None:
    store = opened(url)
    store.put_credential(make.credential("late", make.NOW + 1))
    store.put_credential(make.credential("early"))
    revoked = msgspec.structs.replace(make.credential("early"), state="revoked", worker_id=7)
    store.put_credential(revoked)
    store.close()
    store = opened(url)
    assert store.credentials() == [revoked, make.credential("late", make.NOW + 1)]
    store.delete_credential("early")
    store.delete_credential("never was")
    assert [each.credential_id for each in store.credentials()] == ["late"]


@pytest.mark.parametrize("text", ["nul \0 byte", "half \ud83d pair", "é" * 3_000, "x" * 5_000])
def test_no_text_can_break_the_store(store: Store, text: str) -> None:
    changes = Changes(
        put=[make.job(1, text), make.user(text), make.branch(text), make.token(text, text)],
        notes=[make.note(text)],
    )
    store.commit(changes, [make.audit(text, text, text)])
    kept = make.kept(store.load())
    assert kept == ["Branch", "User", "Job", "Token"]
    assert len(store.audit(user=text, target=text)) == 1
    store.commit(
        Changes(deleted_users=[text], deleted_branches=[text], deleted_tokens=[(text, text)])
    )
    assert make.kept(store.load()) == ["Job"]


def test_names_that_differ_in_what_a_database_cannot_hold_stay_apart(store: Store) -> None:
    users = [make.user(name) for name in ("a\0", "a\ufffd", "x" * 2_000, "x" * 2_001)]
    store.commit(make.puts(*users))
    found = store.load().records
    assert {user.user for user in users} == {getattr(record, "user", "") for record in found}


def test_the_history_can_be_read_while_commits_go_on(store: Store) -> None:
    def commits() -> None:
        for number in range(1, 31):
            store.commit(make.puts(make.run(number)))

    thread = threading.Thread(target=commits)
    thread.start()
    seen = [len(store.runs(1)) for _ in range(20)]
    thread.join()
    assert seen == sorted(seen)
    assert len(store.runs(1)) == 30


def test_a_second_server_is_refused_until_the_first_has_closed(
    url: str, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.store.postgres.LOCK_WAIT_MS", 1)
    first = opened(url)
    with pytest.raises(StoreInUse, match="stop that server first"):
        open_store(url)
    first.commit(make.puts(make.user()))
    first.close()
    assert opened(url).load().records == [make.user()]


def test_a_closed_store_takes_no_commit(store: SqlStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreBroken, match="closed"):
        store.commit(make.puts(make.user()))


def test_a_block_of_a_million_tasks_is_committed_at_once(url: str, opened: Opener) -> None:
    store = opened(url)
    block = make.block(1, 0, "1-1000000")
    chunks = [make.chunk(1, number, bytes([number % 7]) * 3_328) for number in range(4_000)]
    store.commit(make.puts(make.job(), block, *chunks))
    store.close()
    assert opened(url).load().records == [make.job(), block, *chunks]
