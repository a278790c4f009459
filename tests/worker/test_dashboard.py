"""What is told of the machine's load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from grange.model.run import Resources
from grange.worker.config import WorkerConfig
from grange.worker.crew import Crew
from grange.worker.dashboard import Dashboard
from grange.worker.gpus import Gpus
from tests.worker.poor import out_of_files

T = TypeVar("T")


class AtOnce(Crew):
    """Does its work where it is asked."""

    def __init__(self) -> None:
        """Needs no loop."""

    @override
    def do(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        then(work())


def test_out_of_files_nothing_is_told_until_there_are_some_again(tmp_path: Path) -> None:
    told: list[Resources] = []
    config = WorkerConfig(server="ws://127.0.0.1:1", state_folder=tmp_path)
    dashboard = Dashboard(config, Gpus(), AtOnce(), told.append)
    with out_of_files():
        dashboard.measure()
    assert told == []
    dashboard.measure()
    assert len(told) == 1
