"""What was said to a real Afanasy server, and what it answered."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "vectors" / "exchanges.json"
LEAKED = 1 << 62  # a bit of `st` that the real server should have kept to itself
FOLDERS = ("/tmp/research/afcap", "/tmp/research")  # in the bytes; the decoded fields say
FOLDER = "/var/tmp/vec"  # this


@functools.cache
def all_recorded() -> tuple[dict[str, Any], ...]:
    """Every exchange."""
    return tuple(json.loads(FILE.read_text())["vectors"])


def recorded(prefix: str) -> list[dict[str, Any]]:
    """The exchanges whose names begin with something."""
    return [item for item in all_recorded() if item["name"].startswith(prefix)]


def renamed(found: Any) -> Any:
    """What bytes said, with the folder of the recording under the name of the decoded fields."""
    if isinstance(found, str):
        return functools.reduce(lambda text, name: text.replace(name, FOLDER), FOLDERS, found)
    if isinstance(found, list):
        return [renamed(item) for item in found]
    if isinstance(found, dict):
        return {key: renamed(item) for key, item in found.items()}
    return found


def unleaked(found: Any) -> Any:
    """A reply without the bit that should not be in it."""
    if isinstance(found, list):
        return [unleaked(item) for item in found]
    if isinstance(found, dict):
        return {
            key: item & ~LEAKED if key == "st" else unleaked(item) for key, item in found.items()
        }
    return found
