"""What the specification of the dictionary shows, see `vectors.json`."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any, Final

VECTORS: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors.json").read_text(encoding="utf-8")
)
CASES: Final = {case["name"]: case for case in VECTORS["cases"]}


def dictionary(name: str) -> Any:
    """The dictionary of a case, new."""
    return ast.literal_eval(CASES[name]["python"])


def seed() -> Any:
    """The example that PyFarm's author gave."""
    return dictionary("seed")
