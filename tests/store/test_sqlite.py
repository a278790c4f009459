"""What is particular to the store in one file."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from grange.store.sql import open_store
from grange.store.store import StoreBroken, StoreError, StoreInUse
from tests.store import make
from tests.store.conftest import Opener


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "farm.db"


def _setting(path: Path, name: str) -> object:
    connection = sqlite3.connect(path)
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    connection.close()
    return value


def test_only_the_owner_can_read_the_files(path: Path, sqlite_url: str, opened: Opener) -> None:
    opened(sqlite_url).commit(make.puts(make.user()))
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == [
        "farm.db",
        "farm.db-shm",
        "farm.db-wal",
        "farm.db.lock",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_commits_go_through_a_write_ahead_log_to_the_disk(
    path: Path, sqlite_url: str, opened: Opener
) -> None:
    store = opened(sqlite_url)
    assert _setting(path, "journal_mode") == "wal"
    assert store._backend._writer.execute("PRAGMA synchronous").fetchone() == (2,)  # type: ignore[attr-defined]


def test_who_has_it_open_is_named(sqlite_url: str, opened: Opener) -> None:
    opened(sqlite_url)
    with pytest.raises(StoreInUse, match=f"locked by process {os.getpid()}: stop that server"):
        open_store(sqlite_url)


def test_the_lock_holds_through_another_path_to_the_file(
    tmp_path: Path, sqlite_url: str, opened: Opener
) -> None:
    opened(sqlite_url)
    (tmp_path / "other.db").symlink_to(tmp_path / "farm.db")
    with pytest.raises(StoreInUse):
        open_store(f"sqlite:///{tmp_path / 'other.db'}")


def test_a_commit_waits_for_a_foreign_writer_and_fails_when_it_stays(
    path: Path, sqlite_url: str, opened: Opener
) -> None:
    store = opened(sqlite_url)
    store._backend._writer.execute("PRAGMA busy_timeout = 1")  # type: ignore[attr-defined]
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBroken, match="database is locked"):
        store.commit(make.puts(make.user()))
    foreign.close()


def test_a_full_disk_fails_the_commit_and_leaves_the_old_state(
    sqlite_url: str, opened: Opener
) -> None:
    store = opened(sqlite_url)
    store.commit(make.puts(make.user()))
    pages = "PRAGMA max_page_count = 1"  # no more than it has now
    store._backend._writer.execute(pages)  # type: ignore[attr-defined]
    with pytest.raises(StoreBroken, match="full"):
        store.commit(make.puts(make.chunk(1, 0, bytes(100_000))))
    store.close()
    assert opened(sqlite_url).load().records == [make.user()]


def test_a_backup_is_a_store_of_that_moment(
    tmp_path: Path, sqlite_url: str, opened: Opener
) -> None:
    store = opened(sqlite_url)
    store.commit(make.puts(*make.one_of_each()))
    copy = tmp_path / "copy.db"
    store.backup(copy)
    store.commit(make.puts(make.user("bob")))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert opened(f"sqlite:///{copy}").load().records == make.one_of_each()


def test_a_backup_never_replaces_a_file(path: Path, sqlite_url: str, opened: Opener) -> None:
    store = opened(sqlite_url)
    store.commit(make.puts(make.user()))
    with pytest.raises(StoreError, match="File exists"):
        store.backup(path)
    assert store.load().records == [make.user()]


def test_a_backup_that_fails_leaves_no_file(
    tmp_path: Path, path: Path, sqlite_url: str, opened: Opener
) -> None:
    store = opened(sqlite_url)
    store.close()
    path.write_bytes(b"no database " * 1_000)
    with pytest.raises(StoreError, match="not a database"):
        store.backup(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_file_that_is_no_database_is_refused_and_let_go(path: Path, sqlite_url: str) -> None:
    path.write_bytes(b"no database " * 1_000)
    for _ in range(2):
        with pytest.raises(StoreError, match="file is not a database"):
            open_store(sqlite_url)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere.*No such file or directory"):
        open_store(f"sqlite:///{tmp_path / 'nowhere' / 'farm.db'}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "rubbish"])
def test_an_address_that_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///path|not the address"):
        open_store(url)


def test_a_table_that_is_gone_is_an_error_of_the_store(
    path: Path, sqlite_url: str, opened: Opener
) -> None:
    store = opened(sqlite_url)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE runs")
    connection.close()
    with pytest.raises(StoreError, match="cannot be read"):
        store.runs(1)
