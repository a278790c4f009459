"""Alembic's environment: runs the steps on the connection that `migrate` gives."""

from __future__ import annotations

from alembic import context

from grange.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # of SQLite too: `migrate` has begun a transaction
)
with context.begin_transaction():
    context.run_migrations()
