"""PyFarm's words for states, and what they add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from grange.model.states import TaskState

WAITING: Final = "Waiting"
RENDERING: Final = "Rendering"
COMPLETE: Final = "Complete"
FAILED: Final = "Failed"
PAUSED: Final = "Paused"  # with the next one: the program's words of 2010-12
CANCELLED: Final = "Cancelled"
WORDS: Final = (WAITING, RENDERING, COMPLETE, FAILED, PAUSED, CANCELLED)

WORD_OF: Final[Mapping[TaskState, str]] = {
    TaskState.WAITING: WAITING,
    TaskState.READY: WAITING,
    TaskState.RUNNING: RENDERING,
    TaskState.DONE: COMPLETE,
    TaskState.FAILED: FAILED,
    TaskState.SKIPPED: COMPLETE,
    TaskState.SUSPENDED: PAUSED,
}
#: Of states for which there is no word of their own: what a frame says of itself besides.
TOLD_BESIDES: Final[Mapping[TaskState, str]] = {TaskState.SKIPPED: "skipped"}
#: What becomes of a frame that is restored. What waited waits, and what rendered does again.
STATE_OF: Final[Mapping[str, TaskState | None]] = {
    WAITING: None,
    RENDERING: None,
    COMPLETE: TaskState.DONE,
    FAILED: TaskState.FAILED,
    PAUSED: TaskState.SUSPENDED,
    CANCELLED: TaskState.SKIPPED,
}
WORDS_2009: Final = (WAITING, RENDERING, COMPLETE, FAILED)  # by the numbers in its files


class Tally(NamedTuple):
    """Frames by what has become of them; those that are left are waiting."""

    total: int = 0
    complete: int = 0
    failed: int = 0
    rendering: int = 0
    paused: int = 0

    @property
    def status(self) -> str:
        """The one word for all of them."""
        left = self.total - self.complete - self.failed
        if self.total and self.complete == self.total:
            return COMPLETE
        if self.rendering:
            return RENDERING
        if self.total and not left:
            return FAILED
        if self.paused and self.paused == left:
            return PAUSED
        return RENDERING if left < self.total else WAITING

    @property
    def counts(self) -> dict[str, int]:
        """What the dictionary says of them."""
        return {"complete": self.complete, "total": self.total, "failed": self.failed}


def tally_words(words: Iterable[object]) -> Tally:
    """Add frames up by their words; what is none counts as a frame alone."""
    met = Counter(word if isinstance(word, str) else None for word in words)
    return Tally(met.total(), met[COMPLETE], met[FAILED], met[RENDERING], met[PAUSED])


def tally_states(counts: Sequence[int]) -> Tally:
    """Add tasks up, which are counted by `TaskState`."""
    by_word: Counter[str] = Counter()
    for state in TaskState:
        by_word[WORD_OF[state]] += counts[state]
    found = tuple(by_word[word] for word in (COMPLETE, FAILED, RENDERING, PAUSED))
    return Tally(sum(counts), *found)


def tally_all(parts: Iterable[Tally]) -> Tally:
    """Add what was added up already."""
    return Tally(*map(sum, zip(*parts, strict=True)))
