"""What differs from one database to the other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from grange.store.statements import Batch


class Backend(Protocol):
    """An open database that no other server has open."""

    @property
    def engine(self) -> Engine:
        """Connections to read with, from any thread."""

    def write(self, batches: Iterable[Batch]) -> None:
        """Execute statements in one transaction, durable on return. One thread at a time.

        Raises:
            StoreBroken: the transaction did not happen, or it cannot be known.
        """

    def backup(self, path: Path) -> None:
        """Copy the database as it is at one moment into a new file, while it is in use."""

    def close(self) -> None:
        """Let the database go. Harmless when repeated."""
