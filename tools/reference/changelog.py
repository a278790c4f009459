"""CHANGELOG.md: what the fragments in changes/ say, above what was released before."""

from __future__ import annotations

from typing import Final

from tools.reference.source import ROOT

FILE: Final = ROOT / "CHANGELOG.md"
KINDS: Final = ("added", "changed", "fixed", "removed")
RELEASED: Final = "<!-- released -->"  # below it stands what `make docs` leaves alone
HEAD: Final = """\
# What has changed

<!-- Written by `make docs` from changes/, down to the next remark. Do not edit it by hand. -->

## Not released yet
"""


def changelog() -> str:
    """Write CHANGELOG.md; what was released is taken over as it is."""
    parts = [HEAD]
    for kind in KINDS:
        found = sorted((ROOT / "changes").glob(f"[0-9]*.{kind}.md"))
        if found:
            lines = [" ".join(path.read_text(encoding="utf-8").split()) for path in found]
            parts.append(f"### {kind.capitalize()}\n\n" + "\n".join(f"- {x}" for x in lines))
    before = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    return "\n".join([*parts, "", RELEASED]) + (before.partition(RELEASED)[2] or "\n")
