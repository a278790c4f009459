"""`python -m tools.mutation [MODULE ...]`: run mutants of the core, say which survive.

It goes on where the last run ended; a mutant is run again when its function has changed, and
a survivor when a test has. `--fresh` forgets all former runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import pytest

from tools.mutation.mutants import ROOT, Mutant, all_modules, mutants
from tools.mutation.report import evidence, survivors, table
from tools.mutation.results import FILE, Ledger, Result, reasons, tests_hash
from tools.mutation.trial import Bench, collect

TESTS = ROOT / "tests" / "core"


def main() -> None:
    """Run, then tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="of the core; all when none is named")
    parser.add_argument("--minutes", type=float, default=240.0, help="stop after so long")
    parser.add_argument("--fresh", action="store_true", help="forget former runs")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of tests for each mutant, at most"
    )
    parser.add_argument("--show", action="store_true", help="only tell what former runs found")
    parser.add_argument("--keep", action="store_true", help="keep the table as evidence")
    args = parser.parse_args()
    modules = args.modules or all_modules()
    if args.fresh:
        FILE.unlink(missing_ok=True)
    ledger = Ledger()
    ledger.read()
    found = [mutant for module in modules for mutant in mutants(module)]
    if not args.show:
        run(ledger, found, args.minutes * 60, args.seconds)
    known = reasons()
    for line in survivors(found, ledger, known):
        print(line)
    print(table(found, ledger, known))
    if args.keep:
        print(evidence(found, ledger, known))


def run(ledger: Ledger, found: Sequence[Mutant], most_s: float, tests_s: float) -> None:
    """Run all mutants whose end is not known, within a time."""
    tests = f"{tests_hash([TESTS])} {tests_s:g} s"
    left = ledger.left(found, tests)
    if not left:
        return
    end = time.monotonic() + most_s

    def work(items: Sequence[pytest.Item]) -> None:
        bench = Bench(items, tests_s)
        bench.learn()
        print(f"{len(left)} mutants, {len(items)} tests")
        for number, mutant in enumerate(left):
            if time.monotonic() > end:
                print(f"time is over; {len(left) - number} mutants are left")
                return
            verdict, killer = bench.judge(mutant)
            ledger.note(
                Result(
                    key=mutant.key,
                    basis=mutant.basis,
                    tests=tests,
                    verdict=verdict,
                    killer=killer,
                )
            )

    collect([str(TESTS)], work)


if __name__ == "__main__":
    main()
