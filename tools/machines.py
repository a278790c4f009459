"""`python -m tools.machines`: run the state machines of tests/machine for long, say how far.

The steps are random; each machine stops at its first fault, and the sequence that led to it is
printed and made as short as can be.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from tests.machine.test_engine import CrashMachine
from tests.machine.test_farm import FarmMachine
from tests.machine.test_worker_link import World
from tools.evidence import Evidence, Table, keep

STEPS: Final = 80  # of one sequence, at most
MACHINES: Final[dict[str, tuple[type[RuleBasedStateMachine], str]]] = {
    "farm": (FarmMachine, "the core, every command, late and repeated reports, crashes"),
    "engine": (CrashMachine, "engine and SQLite, a crash at any point of a commit"),
    "worker link": (World, "workers' cores, links that fail, servers that die, a full disk"),
}
TEXT: Final = (
    "Each machine takes random steps and compares what comes of them, after every step, with "
    "what must hold: every index and every count made anew from the data (`core/check`), and a "
    "small model of what a submitter and a worker were told. `make test` runs them shortly."
)


def main() -> None:
    """Run the machines one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tools.machines", description=__doc__)
    parser.add_argument("--sequences", type=int, default=1_000, help="of each machine")
    parser.add_argument("--only", choices=sorted(MACHINES), help="one machine")
    parser.add_argument("--shrink", action="store_true", help="make a failing sequence short")
    parser.add_argument("--keep", action="store_true", help="keep the table as evidence")
    args = parser.parse_args()
    rows = []
    for name in [args.only] if args.only else MACHINES:
        steps, faults = run(name, args.sequences, shrink=args.shrink)
        rows.append((f"{name}: {MACHINES[name][1]}", args.sequences, steps, faults))
        sys.stdout.write(f"{name}: {steps} steps, {faults} faults\n")
        sys.stdout.flush()
    if args.keep:
        table = Table(
            title="Steps",
            columns=("machine", "sequences", "steps", "faults found"),
            rows=tuple(rows),
        )
        part = Evidence(
            part="machines",
            title="State machines",
            command=f"python -m tools.machines --sequences {args.sequences} --keep",
            tables=(table,),
            text=TEXT,
        )
        sys.stdout.write(f"{keep(part)}\n")
    sys.exit(any(row[-1] for row in rows))


def run(name: str, sequences: int, *, shrink: bool) -> tuple[int, int]:
    """Run one machine. Returns its steps, and whether it found a fault: 1 or 0."""
    machine = MACHINES[name][0]

    class Counted(machine):  # type: ignore[valid-type,misc]  # the class is chosen by name
        steps = 0

        @invariant()
        def one_more(self) -> None:
            Counted.steps += 1

    chosen = settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Counted, settings=chosen)
    except Exception:  # noqa: BLE001 (whatever it is, the machine has found it)
        traceback.print_exc()
        return Counted.steps, 1
    return Counted.steps, 0


if __name__ == "__main__":
    main()
