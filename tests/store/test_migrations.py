"""The numbered steps lead to the schema that the code expects, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from grange.store import migrations
from grange.store.migrations import migrate
from grange.store.schema import METADATA
from grange.store.sql import open_store
from grange.store.store import SchemaTooNew, StoreError
from tests.store.conftest import Opener


@pytest.fixture
def engine(url: str, opened: Opener) -> Engine:
    """Connections to a store that was opened, and thereby migrated, and closed again."""
    opened(url).close()
    return create_engine(url)


def is_as_the_code_expects(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == migrations.NEWEST


def test_an_empty_database_gets_the_present_schema(engine: Engine) -> None:
    is_as_the_code_expects(engine)
    engine.dispose()


def test_the_steps_lead_to_the_present_schema(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        migrations.upgrade(connection)
    is_as_the_code_expects(engine)
    engine.dispose()


def test_the_newest_step_is_the_last_one() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.NEWEST]


def test_opening_again_migrates_nothing(engine: Engine, url: str, opened: Opener) -> None:
    opened(url)
    with engine.connect() as connection:
        versions = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    engine.dispose()
    assert [tuple(row) for row in versions] == [("0001",)]


def test_a_newer_schema_is_refused_and_stays(engine: Engine, url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for _ in range(2):
        with pytest.raises(SchemaTooNew, match=r"9999.* install the version that wrote it"):
            open_store(url)
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing(url: str, opened: Opener) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE workers (foreign_table INTEGER)"))
    with pytest.raises(StoreError, match="cannot be brought up to date"):
        open_store(url)
    assert inspect(engine).get_table_names() == ["workers"]
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE workers"))
    engine.dispose()
    assert opened(url).load().records == []


def test_migrating_asks_for_no_settings_file(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    migrate(engine)
    assert "runs" in inspect(engine).get_table_names()
    engine.dispose()
