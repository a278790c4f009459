"""Write docs/reference, docs/reliability.md, CHANGELOG.md and a table of a door: `make docs`.

With `--check` nothing is written: it says which pages are not as the code is, and fails.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.reference import (
    afanasy_requests,
    changelog,
    cli_pages,
    core_pages,
    coverage_pages,
    model_pages,
    plugin_pages,
    reliability,
    server_pages,
)
from tools.reference.source import ROOT

REFERENCE: Final = ROOT / "docs" / "reference"

PAGES: Final[dict[Path, Callable[[], str]]] = {
    REFERENCE / "api.md": server_pages.api_page,
    REFERENCE / "cli.md": cli_pages.cli_page,
    REFERENCE / "commands.md": core_pages.commands_page,
    REFERENCE / "errors.md": core_pages.errors_page,
    REFERENCE / "events.md": core_pages.events_page,
    REFERENCE / "job.md": model_pages.job_page,
    REFERENCE / "nodes.md": model_pages.nodes_page,
    REFERENCE / "plugins.md": plugin_pages.plugins_page,
    REFERENCE / "reasons.md": core_pages.reasons_page,
    REFERENCE / "resources.md": model_pages.resources_page,
    REFERENCE / "settings.md": server_pages.settings_page,
    REFERENCE / "states.md": model_pages.states_page,
    REFERENCE / "worker-coverage.md": coverage_pages.worker_page,
    afanasy_requests.PAGE: afanasy_requests.page,
    changelog.FILE: changelog.changelog,
    reliability.PAGE: reliability.page,
}


def stale() -> dict[Path, str]:
    """The pages that are not as the code is, and what should be in them."""
    fresh = {path: write() for path, write in PAGES.items()}
    return {path: text for path, text in fresh.items() if _read(path) != text}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    """Write or check the pages."""
    checking = "--check" in sys.argv[1:]
    found = stale()
    for path, text in found.items():
        if not checking:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        state = "is out of date: run `make docs`" if checking else "written"
        sys.stdout.write(f"{path.relative_to(ROOT)} {state}\n")
    return 1 if checking and found else 0


if __name__ == "__main__":
    sys.exit(main())
