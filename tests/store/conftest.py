"""Stores of both kinds for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from grange.store.sql import SqlStore, open_store
from grange.store.store import Store
from tests.store import cluster

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """The one PostgreSQL of a test run; as safe as it gets, but for power cuts."""
    with cluster.postgres("fsync=off") as socket:
        yield socket


@pytest.fixture
def postgres_url(postgres_socket: Path) -> Iterator[str]:
    """An empty schema."""
    schema = f"test_{next(_numbers)}"
    where = f"host={postgres_socket} user={cluster.USER} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        yield cluster.address(postgres_socket, schema)
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path / 'farm.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    found = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(found, str)
    return found


Opener = Callable[[str], SqlStore]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens stores, and closes them after the test."""
    stores: list[SqlStore] = []

    def opener(url: str) -> SqlStore:
        store = open_store(url)
        stores.append(store)
        return store

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def store(url: str, opened: Opener) -> Store:
    """An open, empty store of each kind."""
    return opened(url)
