"""The writing statements: compiled by SQLAlchemy once, then given to a driver as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import Dialect, Table, and_, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

Row = tuple[Any, ...]

ROWS_MAX: Final = 256  # rows of one statement; 12 columns of them are far below 32,766 values
_SIZES: Final = tuple(1 << bit for bit in range(ROWS_MAX.bit_length() - 1, -1, -1))


class Put:
    """An INSERT of a row, which replaces the row of the same key.

    Where the first column is left out the database numbers the rows, and none is replaced.

    Args:
        table: where to.
        dialect: of the driver, with values by place.
        columns: of a row, in order.
    """

    def __init__(self, table: Table, dialect: Dialect, columns: Sequence[str]) -> None:
        names = list(columns)
        self.text = str(_upsert(table, dialect, names).compile(dialect=dialect, column_keys=names))
        head, word, rest = self.text.partition(" VALUES ")
        end = rest.index(")") + 1
        self._head, self._one, self._tail = head + word, rest[:end], rest[end:]
        self._texts = {1: self.text}

    def cut(self, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
        """Make statements of many rows, of few sizes, so that a driver keeps them prepared."""
        at = 0
        for size in _SIZES:
            while len(rows) - at >= size:
                yield self._for(size), tuple(chain.from_iterable(rows[at : at + size]))
                at += size

    def _for(self, size: int) -> str:
        text = self._texts.get(size)
        if text is None:
            text = self._head + ", ".join([self._one] * size) + self._tail
            self._texts[size] = text
        return text


def _upsert(table: Table, dialect: Dialect, names: Sequence[str]) -> Any:
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    if not set(keys) <= set(names):
        return statement
    others = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


class Remove:
    """A DELETE of the rows that have given values in some columns.

    Args:
        table: where from.
        dialect: of the driver, with values by place.
        columns: that are compared.
    """

    def __init__(self, table: Table, dialect: Dialect, columns: Sequence[str]) -> None:
        same = [table.c[name] == bindparam(name) for name in columns]
        self.text = str(delete(table).where(and_(*same)).compile(dialect=dialect))

    def cut(self, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
        """Make one statement for each row of values."""
        for row in rows:
            yield self.text, row


class Batch(NamedTuple):
    """A statement and the rows to execute it for."""

    statement: Put | Remove
    rows: Sequence[Row]
