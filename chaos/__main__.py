"""Break farms on purpose and judge what came of it.

python -m chaos [--list] [--only NAME[,NAME]] [--seed N] [--tries N] [--jobs N] [--minutes M]
                [--keep]
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from chaos import campaign, table
from chaos.scenario import Scenario
from chaos.scenarios import SCENARIOS
from tools import evidence


def main(arguments: Sequence[str]) -> int:
    """Run a campaign. Returns 1 if a promise was broken."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _leave)
    console = Console(highlight=False)
    scenarios = _chosen(options.only, brief=options.short)
    if options.list:
        for scenario in scenarios:
            console.print(f"{scenario.name:24} {scenario.does} ({', '.join(scenario.promises)})")
        return 0
    ends = time.monotonic() + options.minutes * 60 if options.minutes else float("inf")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="grange-chaos-"))
    tries: list[campaign.Try] = []
    for one in campaign.run(
        scenarios,
        folder,
        seed=options.seed,
        tries=options.tries,
        jobs=options.jobs,
        brief=options.short,
        over=lambda: time.monotonic() >= ends,
        not_run=lambda one, why: console.print(f"{one.name}: not run: {why}", markup=False),
    ):
        tries.append(one)
        _tell(one, console)
    if not tries:
        return 0
    table.show(tries, console)
    if options.keep:
        found = table.evidence(tries, _command(options), evidence.read("chaos"))
        console.print(f"kept as {evidence.keep(found)}")
    if any(one.violations for one in tries):
        return 1
    folder.rmdir()
    return 0


def _leave(number: int, _frame: object) -> None:
    """End as Ctrl-C does: every farm is taken down on the way out."""
    raise SystemExit(128 + number)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--only", default="", help="names of scenarios or families, by commas")
    parser.add_argument("--seed", type=int, default=1, help="of each scenario's first try")
    parser.add_argument("--tries", type=int, default=0, help="of each; 0 as many as it wants")
    parser.add_argument("--jobs", type=int, default=1, help="tries at once; most only wait")
    parser.add_argument("--minutes", type=float, default=0, help="begin no try after; 0 no end")
    parser.add_argument("--short", action="store_true", help="the short campaign of the tests")
    parser.add_argument("--keep", action="store_true", help="write docs/reliability/chaos.json")
    parser.add_argument("--folder", type=Path, help="for the histories; made if need be")
    return parser.parse_args(arguments)


def _chosen(only: str, *, brief: bool) -> list[Scenario]:
    names = {name.strip() for name in only.split(",") if name.strip()}
    known = {item for one in SCENARIOS.values() for item in (one.name, one.family)}
    if unknown := names - known:
        raise SystemExit(f"there is no {', '.join(sorted(unknown))}; see --list")
    return [
        one
        for one in SCENARIOS.values()
        if (not names or {one.name, one.family} & names) and (one.short or names or not brief)
    ]


def _command(options: argparse.Namespace) -> str:
    words = ["make chaos"]
    words += [f"SEED={options.seed}"] if options.seed != 1 else []
    words += [f"TRIES={options.tries}"] if options.tries else []
    words += [f"JOBS={options.jobs}"] if options.jobs != 1 else []
    words += [f"ONLY={options.only}"] if options.only else []
    return " ".join(words)


def _tell(one: campaign.Try, console: Console) -> None:
    said = f"{len(one.violations)} VIOLATIONS" if one.violations else "kept"
    console.print(f"{one.scenario.name} seed={one.seed}: {one.kills} kills, promises {said}")
    for violation in one.violations:
        console.print(f"  {violation.promise}: {violation.text}", markup=False)
    if one.violations:
        console.print(f"  history: {one.folder}/history.jsonl", soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
