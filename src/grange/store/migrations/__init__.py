"""Numbered steps from an empty database to the present schema, run when a store is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from grange.store.store import SchemaTooNew, StoreError

NEWEST: Final = "0001"  # the revision that this version writes
STAMP: Final = "alembic_version"  # the table with the revision of a database


def migrate(engine: Engine) -> None:
    """Bring a database to the newest schema, all or nothing.

    Raises:
        SchemaTooNew: a newer version was here before.
        StoreError: it cannot be done; the database is as before.
    """
    try:
        with engine.begin() as connection:
            if not _is_newest(connection):
                _upgrade(connection)
    except SQLAlchemyError as error:
        raise StoreError(f"the store's schema cannot be brought up to date: {error}") from error


def _is_newest(connection: Connection) -> bool:
    if not inspect(connection).has_table(STAMP):
        return False
    found = connection.scalar(text(f"SELECT version_num FROM {STAMP}"))  # noqa: S608 (ours)
    return bool(found == NEWEST)


def _upgrade(connection: Connection) -> None:
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
