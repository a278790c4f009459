"""Runs scenarios, each in tries, and judges what came of every try."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from random import Random

import msgspec

from chaos.allowed import NotAllowed
from chaos.history import Began, read
from chaos.judge import judge
from chaos.scenario import Scenario
from chaos.stage import Stage
from chaos.verdicts.violation import Violation

STUCK = "stuck"  # in the place of a promise: the try itself could not go on


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one try.

    Attributes:
        seed: repeats its choices.
        kills: processes that were killed.
        folder: with its history and what its processes wrote; gone unless something was found.
    """

    scenario: Scenario
    seed: int
    kills: int
    violations: tuple[Violation, ...]
    folder: Path


def attempt(scenario: Scenario, seed: int, folder: Path, *, brief: bool = False) -> Try:
    """Run a scenario once, on a farm of its own, and judge it.

    Args:
        scenario: which.
        seed: decides all that is random.
        folder: to be made for it; removed if no violation was found.
        brief: whether few kills are enough.

    Raises:
        NotAllowed: the system does not let us do what it does.
    """
    found: list[Violation] = []
    stage = Stage(folder, seed=seed, brief=brief)
    stage.write(Began(scenario=scenario.name, seed=seed))
    path = stage.history.path
    try:
        with stage:
            scenario.run(stage, Random(seed))  # to be repeated, not secret
            stage.finish()
    except NotAllowed:
        shutil.rmtree(folder)
        raise
    except Exception as error:  # noqa: BLE001  # of this try alone
        (folder / "traceback").write_text("".join(traceback.format_exception(error)))
        found.append(Violation(promise=STUCK, text=f"{type(error).__name__}: {error}"))
    found += judge(read(path))
    if not found:
        shutil.rmtree(folder)
    return Try(
        scenario=scenario,
        seed=seed,
        kills=stage.kills,
        violations=tuple(found),
        folder=folder,
    )


def run(
    scenarios: Sequence[Scenario],
    folder: Path,
    *,
    seed: int = 1,
    tries: int = 0,
    jobs: int = 1,
    brief: bool = False,
    over: Callable[[], bool] = lambda: False,
    not_run: Callable[[Scenario, NotAllowed], None],
) -> Iterator[Try]:
    """Run a campaign: by turns, so that a campaign cut short has tried everything.

    Args:
        scenarios: which.
        folder: for the tries.
        seed: of the first try of each; the next one has the next.
        tries: of each scenario; 0 as many as it wants.
        jobs: tries at once, each in a process of its own.
        brief: see `attempt`.
        over: asked before each try whether the time is used up.
        not_run: told of each scenario that the system does not allow.
    """
    refused: set[str] = set()
    running: dict[Future[Try], Scenario] = {}

    def landed() -> Iterator[Try]:
        for done in wait(running, return_when=FIRST_COMPLETED).done:
            scenario = running.pop(done)
            try:
                yield done.result()
            except NotAllowed as why:
                if scenario.name not in refused:
                    refused.add(scenario.name)
                    not_run(scenario, why)

    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for scenario, number in _turns(scenarios, seed, tries):
            while len(running) >= jobs:
                yield from landed()
            if over():
                break
            if scenario.name not in refused:
                own = folder / f"{scenario.name}-{number}"
                running[pool.submit(attempt, scenario, number, own, brief=brief)] = scenario
        while running:
            yield from landed()


def _turns(scenarios: Sequence[Scenario], seed: int, tries: int) -> Iterator[tuple[Scenario, int]]:
    """Each scenario with a seed, by turns."""
    for number in range(tries or max(scenario.tries for scenario in scenarios)):
        for scenario in scenarios:
            if number < (tries or scenario.tries):
                yield scenario, seed + number
