"""What a mutation run says: the survivors nobody explained, and a table by module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.evidence import Evidence, Table, keep
from tools.mutation.mutants import Mutant
from tools.mutation.results import Ledger, Reason

COLUMNS: Final = (
    *("module", "mutants", "killed", "timeout"),
    *("survived, explained", "survived", "not run"),
)
TEXT: Final = (
    "A mutant is the farm's core with one change in one function: a number off by one, a "
    "comparison turned, an argument or a call left out, a condition that always or never holds. "
    "The tests of the core run against each, those that call the function, until one fails: the "
    "mutant is *killed*. One that makes a loop endless ends by *timeout*. One that *survives* is "
    "a change that no test notices: it is *explained* in `tests/core/survivors.toml`, where it "
    "makes no difference that a user could see, or it shows a test that is missing. Not changed "
    "are annotations, defaults, constants of modules, and what is put into the text of a message."
)


def explained(mutant: Mutant, known: Sequence[Reason]) -> bool:
    """Whether a survivor is one that was looked at."""
    return any(reason.fits(mutant) for reason in known)


def outcome(mutant: Mutant, ledger: Ledger, known: Sequence[Reason]) -> str:
    """The column of the table where a mutant counts."""
    verdict = ledger.verdict(mutant)
    if verdict is None:
        return "not run"
    if verdict in ("killed", "timeout"):
        return verdict
    return "survived, explained" if explained(mutant, known) else "survived"


def survivors(found: Sequence[Mutant], ledger: Ledger, known: Sequence[Reason]) -> Iterator[str]:
    """The survivors that nobody explained; and explanations of mutants that are killed or gone."""
    for mutant in found:
        if outcome(mutant, ledger, known) == "survived":
            verdict = ledger.verdict(mutant)
            name = f"{mutant.module}.{mutant.function}"
            yield f"{name}: {verdict}\n  - {mutant.was}\n  + {mutant.now}"
    modules = {mutant.module for mutant in found}
    for reason in known:
        fits = [mutant for mutant in found if reason.fits(mutant)]
        ends = {ledger.verdict(mutant) for mutant in fits}
        if reason.module in modules and ends.isdisjoint({None, "survived", "untested"}):
            yield f"explained, but killed or gone: {reason.module}.{reason.function}: {reason.was}"


def rows(
    found: Sequence[Mutant], ledger: Ledger, known: Sequence[Reason]
) -> list[tuple[str | int, ...]]:
    """One row for each module that has mutants, and one for all."""
    counts: dict[str, Counter[str]] = {}
    for mutant in found:
        for name in (mutant.module, "all"):
            count = counts.setdefault(name, Counter())
            count.update(["mutants", outcome(mutant, ledger, known)])
    names = [*sorted(counts.keys() - {"all"}), "all"]
    return [(name, *(counts[name][column] for column in COLUMNS[1:])) for name in names]


def table(found: Sequence[Mutant], ledger: Ledger, known: Sequence[Reason]) -> str:
    """The table, to be read on a terminal."""
    lines = [COLUMNS, *(tuple(map(str, row)) for row in rows(found, ledger, known))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def evidence(found: Sequence[Mutant], ledger: Ledger, known: Sequence[Reason]) -> Path:
    """Keep the table as a part of the report."""
    kinds = Counter(
        reason.kind
        for mutant in found
        if outcome(mutant, ledger, known) == "survived, explained"
        for reason in [next(item for item in known if item.fits(mutant))]
    )
    why = Table(
        title="Explained survivors",
        columns=("kind", "mutants"),
        rows=tuple(sorted(kinds.items())),
        text=(
            "`equivalent`: the changed core behaves the same. `cost`: it takes longer or looks "
            "at more than it must, and answers the same. `text`: only words of a message differ."
        ),
    )
    part = Evidence(
        part="mutation",
        title="Mutants of the core",
        command="make mutation",
        text=TEXT,
        tables=(
            Table(
                title="By module",
                columns=COLUMNS,
                rows=tuple(rows(found, ledger, known)),
            ),
            why,
        ),
    )
    return keep(part)
