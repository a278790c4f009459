"""From a world that is over to its report."""

from __future__ import annotations

from grange.sim.agenda import DAY_S, MONDAY_S
from grange.sim.checks import Violation
from grange.sim.report import Broken, Report
from grange.sim.studio import machine_counts
from grange.sim.world import World


def report(world: World) -> Report:
    """All that came of a world."""
    checks, measures = world.checks, world.measures
    waited, which = measures.longest_wait
    return Report(
        nodes=world.wish.nodes,
        days=world.wish.days,
        seed=world.wish.seed,
        faults=world.wish.faults,
        machines={kind.name: count for kind, count in machine_counts(world.wish.nodes)},
        users=len(world.everybody),
        jobs=world.ledger.jobs,
        runs=world.ledger.runs,
        statuses={str(status): count for status, count in world.ledger.statuses.most_common()},
        use=tuple(measures.uses()),
        waits=tuple(measures.waits()),
        turnarounds=tuple(measures.turnarounds()),
        shares=tuple(world.shares.found()),
        longest_wait_s=round(waited, 3),
        longest_wait=which,
        starved_s=round(world.starvation.longest_s, 3),
        events={name: count for name, count in sorted(world.tally.items()) if count},
        checked=dict(sorted(checks.checked.items())),
        broken=dict(sorted(checks.found.items())),
        violations=tuple(broken(item) for item in checks.violations),
    )


def broken(item: Violation) -> Broken:
    """A violation, with its time as people read it."""
    since = item.at - MONDAY_S
    hours, rest = divmod(since % DAY_S, 3_600)
    minutes, seconds = divmod(rest, 60)
    return Broken(
        promise=item.promise,
        day=int(since // DAY_S) + 1,
        time=f"{int(hours):02}:{int(minutes):02}:{int(seconds):02}",
        at=round(item.at, 6),
        text=item.text,
    )
