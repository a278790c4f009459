"""What is particular to the store on PostgreSQL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import psycopg
import pytest

from grange.store.postgres import PostgresBackend
from grange.store.sql import SqlStore, open_store
from grange.store.store import StoreBroken, StoreError, StoreInUse
from tests.store import cluster, make
from tests.store.conftest import Opener


def _backend(store: SqlStore) -> PostgresBackend:
    return cast("PostgresBackend", store._backend)


def _end(postgres_socket: Path, store: SqlStore) -> None:
    """End the writing connection, as an administrator can."""
    pid = _backend(store)._writer.info.backend_pid
    where = f"host={postgres_socket} user={cluster.USER} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        # waits until the process is gone
        connection.execute("SELECT pg_terminate_backend(%s, 10000::bigint)", (pid,))


def test_who_lost_the_lock_cannot_commit_any_more(
    postgres_socket: Path, postgres_url: str, opened: Opener
) -> None:
    store = opened(postgres_url)
    store.commit(make.puts(make.user()))
    _end(postgres_socket, store)
    other = opened(postgres_url)
    for _ in range(2):
        with pytest.raises(StoreBroken):
            store.commit(make.puts(make.user("late")))
    assert other.load().records == [make.user()]


def test_a_failed_commit_lets_the_next_server_in_at_once(
    postgres_url: str, opened: Opener
) -> None:
    store = opened(postgres_url)
    with pytest.raises(StoreBroken, match="out of range"):
        store.commit(make.puts(make.chunk(1, 2**40)))
    assert opened(postgres_url).load().records == []


def test_who_has_it_open_is_named(
    postgres_url: str, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.store.postgres.LOCK_WAIT_MS", 1)
    pid = _backend(opened(postgres_url))._writer.info.backend_pid
    with pytest.raises(StoreInUse, match=rf"this machine \(database process {pid}\)"):
        open_store(postgres_url)


def test_two_farms_share_a_database_in_schemas_of_their_own(
    postgres_socket: Path, postgres_url: str, opened: Opener
) -> None:
    opened(postgres_url).commit(make.puts(make.user()))
    assert opened(cluster.address(postgres_socket, "public")).load().records == []


def test_a_commit_is_on_disk_although_the_administrator_gave_that_up(
    postgres_socket: Path, postgres_url: str, opened: Opener
) -> None:
    url = postgres_url + "%20-csynchronous_commit%3Doff%20-cidle_session_timeout%3D5000"
    backend = _backend(opened(url))
    assert backend._setting("synchronous_commit") == "on"
    assert backend._setting("idle_session_timeout") == "0"


def test_a_database_of_another_encoding_is_refused(postgres_socket: Path) -> None:
    where = f"host={postgres_socket} user={cluster.USER} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("CREATE DATABASE old ENCODING 'LATIN1' TEMPLATE template0")
    url = cluster.address(postgres_socket, "public").replace("/postgres", "/old")
    with pytest.raises(StoreError, match="LATIN1"):
        open_store(url)


def test_a_schema_that_is_not_there_is_refused(postgres_socket: Path) -> None:
    with pytest.raises(StoreError, match="no such schema"):
        open_store(cluster.address(postgres_socket, "nowhere"))


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot open store .*No such file"):
        open_store(cluster.address(tmp_path, "public"))


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "grange.store.postgres")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'grange\[postgres\]'"):
        open_store("postgresql://nowhere/farm")


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(f"postgresql+psycopg://me:secret@/farm?host={tmp_path}&sslpassword=secret")
    assert "secret" not in str(caught.value)


def test_a_backup_is_left_to_postgresqls_own_programs(
    tmp_path: Path, postgres_url: str, opened: Opener
) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        opened(postgres_url).backup(tmp_path / "copy")
