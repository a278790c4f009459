"""Numbered steps from an empty database to the present schema, run when a store is opened."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from grange.store.store import SchemaTooNew, StoreError


def migrate(engine: Engine) -> None:
    """Bring a database to the newest schema, all or nothing.

    Raises:
        SchemaTooNew: a newer version was here before.
        StoreError: it cannot be done; the database is as before.
    """
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    except SQLAlchemyError as error:
        raise StoreError(f"the store's schema cannot be brought up to date: {error}") from error


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    present = MigrationContext.configure(connection).get_current_revision()
    if present == head:
        return
    known = {script.revision for script in scripts.walk_revisions()}
    if present is not None and present not in known:
        raise SchemaTooNew(
            f"the store has schema {present} and this version of Grange knows up to {head}:"
            " install the version that wrote it, or restore a backup from before"
        )
    command.upgrade(config, "head")
