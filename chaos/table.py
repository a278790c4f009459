"""What a campaign found, for people and as evidence."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table as RichTable

from chaos.campaign import STUCK, Try
from chaos.judge import PROMISES
from chaos.scenario import Scenario
from chaos.scenarios import SCENARIOS
from tools.evidence import Evidence, Table

COLUMNS = ("fault", "what is done", "tries", "kills", "violations", "seeds")


class Row(msgspec.Struct, kw_only=True):
    """What came of a scenario."""

    scenario: Scenario
    tries: int = 0
    kills: int = 0
    violations: int = 0
    seeds: list[int] = []

    def add(self, one: Try) -> None:
        """Count a try."""
        self.tries += 1
        self.kills += one.kills
        self.violations += len(one.violations)
        if one.violations:
            self.seeds.append(one.seed)

    def cells(self) -> tuple[str | int, ...]:
        """As in `COLUMNS`."""
        seeds = ", ".join(map(str, self.seeds)) or "none"
        scenario = self.scenario
        return (scenario.name, scenario.does, self.tries, self.kills, self.violations, seeds)


def rows(tries: Sequence[Try]) -> list[Row]:
    """One for each scenario, in order."""
    found: dict[str, Row] = {}
    for one in tries:
        found.setdefault(one.scenario.name, Row(scenario=one.scenario)).add(one)
    return list(found.values())


def show(tries: Sequence[Try], console: Console) -> None:
    """Print the table and what each promise came to."""
    table = RichTable(*COLUMNS)
    for row in rows(tries):
        table.add_row(*map(str, row.cells()))
    kills = sum(one.kills for one in tries)
    table.add_section()
    broken = sum(len(one.violations) for one in tries)
    table.add_row("all", "", str(len(tries)), str(kills), str(broken), "")
    console.print(table)
    for promise, (checked, bad) in promises(tries).items():
        console.print(f"{promise}: checked in {checked} tries, {bad} violations")


def promises(tries: Sequence[Try], before: Sequence[Row] = ()) -> dict[str, tuple[int, int]]:
    """Promise -> tries in which it was checked, violations.

    Args:
        tries: of this campaign.
        before: of former ones, without a violation.
    """
    found: dict[str, tuple[int, int]] = {}
    for promise in (*PROMISES, STUCK):
        checked = sum(
            row.tries
            for row in (*rows(tries), *before)
            if promise in row.scenario.promises or promise == STUCK
        )
        bad = sum(found.promise == promise for one in tries for found in one.violations)
        if checked and (bad or promise != STUCK):
            found[promise] = (checked, bad)
    return found


def kept_before(tries: Sequence[Try], former: Evidence | None) -> list[Row]:
    """Rows of a former campaign that stand: not tried again, and without a violation."""
    again = {one.scenario.name for one in tries}
    found = []
    for table in former.tables if former is not None else ():
        for name, _, count, kills, violations, _ in table.rows:
            scenario = SCENARIOS.get(str(name))
            if scenario is not None and scenario.name not in again and violations == 0:
                found.append(Row(scenario=scenario, tries=int(count), kills=int(kills)))
    return found


def evidence(tries: Sequence[Try], command: str, former: Evidence | None = None) -> Evidence:
    """What is kept of a campaign, and of the former one where nothing was tried again."""
    before = kept_before(tries, former)
    every = [*rows(tries), *before]
    order = {name: place for place, name in enumerate(SCENARIOS)}
    every.sort(key=lambda row: order.get(row.scenario.name, len(order)))
    tables = [
        Table(
            title=family,
            columns=COLUMNS,
            rows=tuple(row.cells() for row in every if row.scenario.family == family),
        )
        for family in dict.fromkeys(row.scenario.family for row in every)
    ]
    return Evidence(
        part="chaos",
        title="Fault campaign",
        command=former.command if former is not None and before else command,
        text=(
            f"{sum(row.tries for row in every)} tries with {sum(row.kills for row in every)}"
            " killed processes: real servers and workers are"
            " broken on purpose while real tasks run; tasks, submitter, observer and a watcher"
            " of processes note what they see, and a judge decides from these notes alone."
            " A try is repeated by `make chaos ONLY=FAULT SEED=SEED TRIES=1`."
        ),
        tables=tuple(tables),
        promises={name: pair for name, pair in promises(tries, before).items() if name != STUCK},
    )
