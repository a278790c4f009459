"""The last figures in bench/README.md, between two markers, as the evidence has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.kept import PART
from tools.evidence import FOLDER, Evidence, Table, read

README: Final = Path(__file__).resolve().parent / "README.md"
BEGIN: Final = "<!-- figures: begin; written by bench/readme.py -->"
END: Final = "<!-- figures: end -->"


def renew(readme: Path = README, folder: Path = FOLDER) -> None:
    """Write the tables anew; without evidence nothing is changed."""
    evidence = read(PART, folder)
    if evidence is None:
        return
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n\n{markdown(evidence)}\n\n{END}{after}", encoding="utf-8")


def markdown(evidence: Evidence) -> str:
    """All tables."""
    head = f"Grange {evidence.version}, {evidence.date}, on {evidence.machine}."
    return "\n\n".join([head, evidence.text, *(_table(item) for item in evidence.tables)])


def _table(item: Table) -> str:
    lines = [f"### {item.title}", "", item.text, "", _line(item.columns)]
    lines.append(_line(["---"] * len(item.columns)))
    lines += [_line([str(cell) for cell in row]) for row in item.rows]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    renew()
