"""The first schema.

Revision: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _body() -> tuple[sa.Column[int], sa.Column[bytes]]:
    return (
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def upgrade() -> None:
    """Make the tables."""
    _make_tables()
    if op.get_context().dialect.name == "postgresql":
        # a chunk is written again and again: keep it in its row, and room for it in its page
        op.execute("ALTER TABLE chunks SET (toast_tuple_target = 8160, fillfactor = 50)")


def _make_tables() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", ID, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("audit_id"),
    )
    op.create_index("audit_of_target", "audit", ["target", "audit_id"])
    op.create_index("audit_of_user", "audit", ["user_name", "audit_id"])
    op.create_table(
        "blocks",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("done", sa.Double),
        *_body(),
        sa.PrimaryKeyConstraint("job_id", "block"),
    )
    op.create_table(
        "branches",
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        *_body(),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_table(
        "chunks",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column("columns", sa.LargeBinary, nullable=False),
        sa.Column("error_hosts", sa.LargeBinary),
        sa.PrimaryKeyConstraint("job_id", "block", "number"),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "credentials",
        sa.Column("credential_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double),
        sa.Column("worker_id", ID),
        *_body(),
        sa.PrimaryKeyConstraint("credential_id"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("done", sa.Double),
        *_body(),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_table(
        "names",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        *_body(),
        sa.PrimaryKeyConstraint("job_id", "block", "number"),
    )
    op.create_table(
        "notes",
        sa.Column("note_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("block", sa.Integer),
        sa.Column("first", sa.Integer),
        sa.Column("last", sa.Integer),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("note_id"),
    )
    op.create_index("notes_of_job", "notes", ["job_id", "note_id"])
    op.create_table(
        "pools",
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        *_body(),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", ID, autoincrement=False, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("task", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("worker_id", ID, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("status", sa.Text),
        *_body(),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_index(
        "open_runs",
        "runs",
        ["run_id"],
        sqlite_where=sa.text("status IS NULL"),
        postgresql_where=sa.text("status IS NULL"),
    )
    op.create_index("runs_of_task", "runs", ["job_id", "block", "task", "run_id"])
    op.create_index("runs_of_worker", "runs", ["worker_id", "run_id"])
    op.create_table(
        "tokens",
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        *_body(),
        sa.PrimaryKeyConstraint("user_name", "token"),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        *_body(),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "workers",
        sa.Column("worker_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("pool", sa.Text, nullable=False),
        sa.Column("online", sa.Boolean, nullable=False),
        sa.Column("sick", sa.Text, nullable=False),
        sa.Column("registered", sa.Double, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
        *_body(),
        sa.PrimaryKeyConstraint("worker_id"),
    )
