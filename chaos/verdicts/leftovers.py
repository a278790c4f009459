"""P7: no process of a run that is over is left, nor of a worker that died."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from chaos.history import Census, Did, Home, Unwatched, Watched
from chaos.verdicts.story import Story
from chaos.verdicts.violation import NS, Rules, Violation

DEATHS = frozenset({"worker", "warden", "machine"})


def violations(story: Story, rules: Rules) -> Iterator[Violation]:
    """What breaks P7. While nobody of a worker is able to act, its time does not count."""
    over = _over(story)
    blind = _unwatched(story)
    told: set[int] = set()
    for census in story.of(Census):
        for pid, run, home in census.left:
            since = over.get(run)
            if pid in told or (since is None and not census.final):
                continue
            lived_s = _watched_s(since or story.start, census.at, blind[home])
            if lived_s > rules.linger_s:
                told.add(pid)
                text = f"process {pid} of run {run} lives {lived_s:.1f} s after the run was over"
                yield Violation(promise="P7", text=f"{text} (at {story.when(census.at)})")
        if census.others:
            text = f"the farm has stopped, and processes {list(census.others)} are left"
            yield Violation(promise="P7", text=text)


def _over(story: Story) -> dict[int, int]:
    """When each run was over: its main process, or its worker or warden, had died."""
    found: dict[int, int] = {}
    for one in story.executions:
        if one.over is not None:
            found[one.run] = one.over
    names = {event.worker: event.home for event in story.of(Home)}
    for event in story.of(Did):
        kind, _, name = event.to.partition(":")
        if event.what != "killed" or kind not in DEATHS:
            continue
        for one in story.executions:
            if one.home == names.get(name) and one.begun < event.at:
                found.setdefault(one.run, event.at)
    return found


def _unwatched(story: Story) -> dict[str, list[tuple[int, int]]]:
    """Spans of time in which nobody could end a worker's processes, by its home."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    since: dict[str, int] = {}
    for event in story.events:
        if isinstance(event, Unwatched):
            since.setdefault(event.home, event.at)
        elif isinstance(event, Watched) and event.home in since:
            spans[event.home].append((since.pop(event.home), event.at))
    end = story.events[-1].at if story.events else 0
    for home, begun in since.items():
        spans[home].append((begun, end))
    return spans


def _watched_s(since: int, until: int, blind: list[tuple[int, int]]) -> float:
    hidden = sum(max(0, min(until, end) - max(since, begin)) for begin, end in blind)
    return (until - since - hidden) / NS
