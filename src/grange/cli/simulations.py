"""How a simulated week, and a plan, look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from grange.cli.amounts import count, duration, moment
from grange.cli.screen import BAD, BUSY, CARE, FAINT, GOOD, clean, cut, faint, table, unicode
from grange.sim.forecast import JobPlan, Plan
from grange.sim.report import Report, Share, Turnaround, Use, Wait

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEVELS: Final = (" ▁▂▃▄▅▆▇█", " .:-=+*#@")  # of use, from none to all
WIDE: Final = 100  # columns from which an hour has two characters
LONG_H: Final = 6  # hours of waiting from which a share tells something: tasks take hours
SHARES_SHOWN: Final = 4  # users at either end
PROMISES: Final[Mapping[str, str]] = {
    "P1": "a job that was acknowledged is there",
    "P2": "a result on the disk is not lost, nor made again",
    "P3": "one believed run, and one process, for a task",
    "P5": "what can run does, once a fitting machine is free",
    "P6": "limits, licences and capacities hold",
    "soundness": "the farm's own invariants",
}


def week(found: Report, width: int) -> Iterator[RenderableType]:
    """Show what came of a world."""
    yield _headline(found)
    yield ""
    yield from _use(found.use, 2 if width >= WIDE else 1)
    yield ""
    yield Text("Tasks, from ready to started", "bold")
    yield _waits(found.waits)
    text = f"the longest: {duration(found.longest_wait_s)}, task {found.longest_wait}"
    yield faint(text if found.longest_wait else "")
    yield ""
    yield Text("Jobs, from sent to done", "bold")
    yield _turnarounds(found.turnarounds)
    yield ""
    yield from _shares(found.shares)
    yield ""
    yield Text("What happened", "bold")
    yield _counts(found)
    yield ""
    yield Text("Promises", "bold")
    yield _promises(found)
    yield from _violations(found)


def plan(found: Plan) -> Iterator[RenderableType]:
    """Show when jobs will be done."""
    if not found.jobs:
        yield faint("no job is left to be done")
        return
    if not found.change:
        yield Text(f"With the {count(found.workers, 'worker')} that there are", "bold")
        columns = ["JOB>", "NAME~", "USER~", "LEFT>", "DONE AT>", "IN>"]
    else:
        word = "more" if found.change > 0 else "fewer"
        workers = count(abs(found.change), f"{word} worker")
        yield Text.assemble(
            (f"With {workers} like {clean(found.like)}", "bold"),
            (f" beside the {found.workers} that there are", FAINT),
        )
        columns = ["JOB>", "NAME~", "USER~", "LEFT>", "NOW DONE AT>", "THEN>", "SAVED>"]
    yield table(*columns, rows=[_planned(job, found) for job in found.jobs])
    yield from _remarks(found)


def _planned(job: JobPlan, found: Plan) -> list[str | Text]:
    row: list[str | Text] = [
        str(job.job_id),
        cut(job.name),
        cut(job.user),
        f"{job.left:,}",
        _when(job.now_done, found),
    ]
    if job.guessed:
        row[3] = Text(f"{job.left:,}*")
    if not found.change:
        return [*row, faint("-") if job.now_done is None else duration(job.now_done - found.now)]
    if job.now_done is None or job.then_done is None:
        return [*row, _when(job.then_done, found), faint("-")]
    saved = job.now_done - job.then_done
    style = GOOD if saved > 0.5 else CARE if saved < -0.5 else FAINT
    text = f"{'-' if saved < 0 else ''}{duration(abs(saved))}"
    return [*row, _when(job.then_done, found), Text(text, style)]


def _when(at: float | None, found: Plan) -> Text:
    return Text("not by itself", CARE) if at is None else Text(moment(at, found.now))


def _remarks(found: Plan) -> Iterator[RenderableType]:
    if any(job.guessed for job in found.jobs):
        yield faint("* nothing like some of its tasks has finished yet: they count --task-time")
    if any(job.now_done is None for job in found.jobs):
        yield faint("not by itself: paused, failed, or no worker fits; grange why JOB says more")


def took(found: Report, span_s: float) -> Text:
    """Say how long it took; the only line that another run does not repeat."""
    each = span_s / found.runs * 1e6 if found.runs else 0.0
    return Text(f"took {span_s:.1f} s: {each:.0f} µs a run", FAINT)


def _headline(found: Report) -> Text:
    counts = (count(number, kind.removesuffix("s")) for kind, number in found.machines.items())
    days = "1 day" if found.days == 1 else f"{found.days:g} days"
    return Text.assemble(
        (f"{found.nodes:,} nodes, {days}, seed {found.seed}", "bold"),
        (", with faults\n" if found.faults else "\n"),
        (f"{', '.join(counts)}\n", FAINT),
        f"{count(found.jobs, 'job')} of {count(found.users, 'user')}, {count(found.runs, 'run')}",
    )


def _use(uses: Sequence[Use], wide: int) -> Iterator[RenderableType]:
    """Show a line for each day, and the part of what was offered that each kind gave."""
    whole = uses[-1]
    levels = LEVELS[0 if unicode() else 1]
    hours = Text("".join(f"{hour:<{6 * wide}}" for hour in (0, 6, 12, 18)), FAINT)
    yield Text("Capacity in use, of that offered", "bold")
    rows = []
    for day in range(-(-len(whole.hours) // 24)):
        part = slice(24 * day, 24 * day + 24)
        line = "".join(_level(hour, levels) * wide for hour in whole.hours[part])
        means = (_percent(_mean(use.hours[part])) for use in (whole, *uses[:-1]))
        rows.append((DAYS[day % 7], Text(line, BUSY), *means))
    rows.append((faint("all"), hours, *(_percent(use.mean) for use in (whole, *uses[:-1]))))
    names = (use.kind.replace("-", " ").split()[0] for use in uses[:-1])
    yield table("", "HOUR", "ALL>", *(f"{name.upper()}>" for name in names), rows=rows)


def _level(share: float, levels: str) -> str:
    return levels[round(min(1.0, share) * (len(levels) - 1))] if share >= 0 else " "


def _mean(hours: Sequence[float]) -> float:
    known = [hour for hour in hours if hour >= 0]
    return sum(known) / len(known) if known else -1.0


def _percent(share: float) -> Text:
    return Text(f"{share:.0%}") if share >= 0 else faint("-")


def _waits(waits: Sequence[Wait]) -> RenderableType:
    rows: list[list[str | Text]] = [
        [cut(item.kind), f"{item.runs:,}", f"{item.hours:,.0f}", *_spans(item.seconds)]
        for item in waits
    ]
    return table("KIND~", "RUNS>", "HOURS>", "50 %>", "90 %>", "99 %>", rows=rows)


def _turnarounds(jobs: Sequence[Turnaround]) -> RenderableType:
    rows: list[list[str | Text]] = [
        [cut(item.kind), f"{item.jobs:,}", f"{item.done:,}", *_spans(item.seconds)]
        for item in jobs
    ]
    return table("KIND~", "JOBS>", "DONE>", "50 %>", "90 %>", "99 %>", rows=rows)


def _spans(seconds: Sequence[float]) -> list[Text]:
    found = [Text(duration(span)) if span >= 0.5 else faint("0s") for span in seconds]
    return found or [faint("-")] * 3


def _shares(shares: Sequence[Share]) -> Iterator[RenderableType]:
    """Show who had least and most of his due."""
    yield Text("Shares of those who wait for the same machines", "bold")
    if not shares:
        yield faint("nobody had to wait for another")
        return
    errors = sorted(abs(share.error) for share in shares)
    half, most = errors[len(errors) // 2], errors[-1]
    yield Text(
        f"{count(len(shares), 'user')}: half within {half:.0%} of their due, all {most:.0%}"
    )
    ends = shares
    if len(shares) > 2 * SHARES_SHOWN:
        ends = (*shares[:SHARES_SHOWN], *shares[-SHARES_SHOWN:])
    yield table(
        *("USER~", "HOURS>", "HAD>", "DUE>", "ERROR>"),
        rows=(
            (
                cut(share.user),
                f"{share.hours:.0f}",
                f"{share.had:,.1f}",
                f"{share.due:,.1f}",
                f"{share.error:+.0%}",
            )
            for share in ends
        ),
    )


def _counts(found: Report) -> RenderableType:
    ends = {f"runs {status}": number for status, number in found.statuses.items()}
    rows = [(f"{number:,}", name) for name, number in (ends | found.events).items()]
    half = -(-len(rows) // 2)
    right = [*rows[half:], ("", "")][:half]
    made = table(
        ">", "", ">", "", rows=[(*a, *b) for a, b in zip(rows[:half], right, strict=True)]
    )
    made.show_header = False
    return made


def _promises(found: Report) -> RenderableType:
    rows = []
    for name, text in PROMISES.items():
        checked, broken = found.checked.get(name, 0), found.broken.get(name, 0)
        word = Text("kept", GOOD) if checked else faint("not met")
        if broken:
            word = Text(f"broken {broken:,}", f"bold {BAD}")
        rows.append((name if name[0] == "P" else "", cut(text), f"{checked:,}", word))
    return table("", "~", "CHECKED>", "", rows=rows)


def _violations(found: Report) -> Iterator[RenderableType]:
    if found.violations:
        yield ""
        yield Text(f"Broken, with seed {found.seed}", f"bold {BAD}")
    for item in found.violations:
        yield Text.assemble(
            (f"{item.promise} ", BAD), (f"day {item.day} {item.time} ", CARE), item.text
        )
