"""The tables. Columns are what people query; a `body` holds the whole record, as msgpack.

A change here needs a new numbered migration. `version` is that of the row's body, so that a
later release can tell old bodies from new ones without rewriting millions of rows at once.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

BODY_VERSION: Final = 1  # of the bodies that this release writes

METADATA: Final = MetaData()

# SQLite's own row number needs the word INTEGER; it has 64 bits there
_Id = BigInteger().with_variant(Integer, "sqlite")


def _body() -> tuple[Column[int], Column[bytes]]:
    return (
        Column("version", SmallInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )


COUNTERS: Final = Table(
    "counters",
    METADATA,
    Column("name", Text, primary_key=True),  # the kind of id: job, run, worker
    Column("value", BigInteger, nullable=False),
)

JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("job_id", _Id, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("branch", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("done", Double),
    *_body(),
)

BLOCKS: Final = Table(
    "blocks",
    METADATA,
    Column("job_id", _Id, primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("started", Double),
    Column("done", Double),
    *_body(),
)

CHUNKS: Final = Table(
    "chunks",
    METADATA,
    Column("job_id", _Id, primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", SmallInteger, nullable=False),
    Column("columns", LargeBinary, nullable=False),  # as TaskTable.pack makes them
    Column("error_hosts", LargeBinary),  # msgpack; null where there are none
)

NAMES: Final = Table(
    "names",
    METADATA,
    Column("job_id", _Id, primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    *_body(),
)

RUNS: Final = Table(
    "runs",
    METADATA,
    Column("run_id", _Id, primary_key=True, autoincrement=False),
    Column("job_id", _Id, nullable=False),
    Column("block", Integer, nullable=False),
    Column("task", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker_id", _Id, nullable=False),
    Column("worker", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("status", Text),  # null while the run is open
    *_body(),
    Index("runs_of_task", "job_id", "block", "task", "run_id"),
    Index("runs_of_worker", "worker_id", "run_id"),
)
OPEN_RUNS: Final = Index(
    "open_runs",
    RUNS.c.run_id,
    sqlite_where=text("status IS NULL"),
    postgresql_where=text("status IS NULL"),
)

WORKERS: Final = Table(
    "workers",
    METADATA,
    Column("worker_id", _Id, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("pool", Text, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("sick", Text, nullable=False),
    Column("registered", Double, nullable=False),
    Column("seen", Double, nullable=False),
    *_body(),
)

USERS: Final = Table(
    "users",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("created", Double, nullable=False),
    *_body(),
)

BRANCHES: Final = Table(
    "branches",
    METADATA,
    Column("path", Text, primary_key=True),
    Column("created", Double, nullable=False),
    *_body(),
)

POOLS: Final = Table(
    "pools",
    METADATA,
    Column("path", Text, primary_key=True),
    Column("created", Double, nullable=False),
    *_body(),
)

TOKENS: Final = Table(
    "tokens",
    METADATA,
    Column("user_name", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("job_id", _Id, nullable=False),
    Column("created", Double, nullable=False),
    *_body(),
)

NOTES: Final = Table(
    "notes",
    METADATA,
    Column("note_id", _Id, primary_key=True),
    Column("job_id", _Id, nullable=False),
    Column("block", Integer),
    Column("first", Integer),
    Column("last", Integer),
    Column("at", Double, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("notes_of_job", "job_id", "note_id"),
)

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("audit_id", _Id, primary_key=True),
    Column("at", Double, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("details", Text, nullable=False),  # JSON
    Column("outcome", Text, nullable=False),
    Index("audit_of_user", "user_name", "audit_id"),
    Index("audit_of_target", "target", "audit_id"),
)

CREDENTIALS: Final = Table(
    "credentials",
    METADATA,
    Column("credential_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double),  # null never
    Column("worker_id", _Id),
    *_body(),
)
