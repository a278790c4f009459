"""Write docs/reference from the code: `python -m tools.make_docs`, or `make docs`.

With `--check` nothing is written: it says which pages are not as the code is, and fails.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.reference import cli_pages, core_pages, model_pages, server_pages
from tools.reference.source import ROOT

FOLDER: Final = ROOT / "docs" / "reference"

PAGES: Final[dict[str, Callable[[], str]]] = {
    "api.md": server_pages.api_page,
    "cli.md": cli_pages.cli_page,
    "commands.md": core_pages.commands_page,
    "errors.md": core_pages.errors_page,
    "events.md": core_pages.events_page,
    "job.md": model_pages.job_page,
    "nodes.md": model_pages.nodes_page,
    "reasons.md": core_pages.reasons_page,
    "settings.md": server_pages.settings_page,
    "states.md": model_pages.states_page,
}


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of the pages that are not as the code is, and of files that are no pages."""
    found = [name for name, write in PAGES.items() if _read(folder / name) != write()]
    return found + sorted(path.name for path in folder.glob("*.md") if path.name not in PAGES)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def write(folder: Path = FOLDER) -> list[str]:
    """Write the pages that are not as the code is. Returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = stale(folder)
    for name in changed:
        if name in PAGES:
            (folder / name).write_text(PAGES[name](), encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed


def main() -> int:
    """Write or check the pages."""
    checking = "--check" in sys.argv[1:]
    found = stale() if checking else write()
    state = "is out of date: run `make docs`" if checking else "written"
    for name in found:
        sys.stdout.write(f"docs/reference/{name} {state}\n")
    return 1 if checking and found else 0


if __name__ == "__main__":
    sys.exit(main())
