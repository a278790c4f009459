"""Numbered steps from an older schema to the present one, run when a store is opened.

An empty database gets the present schema at once; the steps lead to the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from grange.store.schema import METADATA
from grange.store.store import SchemaTooNew, StoreError

NEWEST: Final = "0001"  # the revision that this version writes
#: the table with the revision of a database, as Alembic makes it
STAMP: Final = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True)
)


def migrate(engine: Engine) -> None:
    """Bring a database to the newest schema, all or nothing.

    Raises:
        SchemaTooNew: a newer version was here before.
        StoreError: it cannot be done; the database is as before.
    """
    try:
        with engine.begin() as connection:
            if not inspect(connection).get_table_names():
                METADATA.create_all(connection)
                STAMP.create(connection)
                connection.execute(STAMP.insert().values(version_num=NEWEST))
            elif not _is_newest(connection):
                upgrade(connection)
    except SQLAlchemyError as error:
        raise StoreError(f"the store's schema cannot be brought up to date: {error}") from error


def _is_newest(connection: Connection) -> bool:
    if not inspect(connection).has_table(STAMP.name):
        return False
    return bool(connection.scalar(select(STAMP.c.version_num)) == NEWEST)


def upgrade(connection: Connection) -> None:
    """Take all steps that were not taken yet.

    Raises:
        SchemaTooNew: a newer version was here before.
    """
    # 11 MB, and not needed by a server whose store is as it wants it
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if present is not None and present not in known:
        raise SchemaTooNew(
            f"the store has schema {present} and this version of Grange knows up to {NEWEST}:"
            " install the version that wrote it, or restore a backup from before"
        )
    command.upgrade(config, NEWEST)
