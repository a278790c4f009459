"""Farms that scenarios begin with."""

from __future__ import annotations

from typing import Any

from chaos.stage import Stage


def a_farm(stage: Stage, *names: str, **settings: Any) -> None:
    """Start a server and its workers, and wait until they are linked."""
    stage.start_server(**settings)
    for name in names:
        stage.start_worker(name)
    stage.until_online(*names)
