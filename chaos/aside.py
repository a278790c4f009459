"""Work that goes on in a thread, beside the scenario."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Aside(ABC):
    """A thread that works while it is entered; a context. Its fault is raised at the end.

    Args:
        name: of the thread.

    Attributes:
        fault: what went wrong.
    """

    def __init__(self, name: str) -> None:
        self._thread = threading.Thread(target=self._live, name=name)
        self._stop = threading.Event()
        self.fault: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if self.fault is not None:
            raise self.fault

    def close(self) -> None:
        """Work no more."""
        self._stop.set()
        self._thread.join()

    def _live(self) -> None:
        try:
            self._run()
        except BaseException as fault:  # noqa: BLE001  # told by whoever waits for the thread
            self.fault = fault

    @abstractmethod
    def _run(self) -> None:
        """Work until `_stop` is set."""
