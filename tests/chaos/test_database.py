"""A PostgreSQL that goes away and comes back."""

from __future__ import annotations

import select
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from chaos.database import Database
from chaos.processes import lives
from tests.store.cluster import USER

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with Database() as database:
        yield database


def connect(database: Database) -> psycopg.Connection[tuple[object, ...]]:
    where = make_url(database.url).query["host"]
    return psycopg.connect(f"host={where} user={USER} dbname=postgres", autocommit=True)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_what_was_committed_is_there_after_a_stop(database: Database, mode: str) -> None:
    with connect(database) as connection:
        connection.execute(f"CREATE TABLE of_{mode} (a int)".encode())
        database.stop(mode)
        assert database.pid == 0
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    database.start()
    with connect(database) as connection:
        found = connection.execute(f"SELECT count(*) FROM of_{mode}".encode()).fetchone()
        assert found == (0,)


def test_connections_are_ended_and_new_ones_are_taken(database: Database) -> None:
    with connect(database) as connection:
        assert database.end_connections() >= 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with connect(database) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_while_it_stands_still_nobody_is_answered(database: Database) -> None:
    with connect(database) as connection:
        database.pause()
        connection.pgconn.send_query(b"SELECT 1")
        answered, _, _ = select.select((connection,), (), (), 0.3)
        database.go_on()
        assert not answered
        assert connection.pgconn.get_result() is not None
        assert connection.pgconn.get_result() is None  # there is one answer


def test_nothing_of_it_is_left() -> None:
    with Database() as database:
        pid = database.pid
        assert lives(pid)
    assert not lives(pid)
