"""`grange simulate`: a week, and a plan for a farm that is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import msgspec
import pytest
from rich.console import Console

from grange import Block, Job
from grange.cli import simulations
from grange.client import Client
from grange.client.places import find
from grange.core.state import FarmState
from grange.model.states import Presence
from grange.sim.report import Broken, Report
from grange.sim.told import report
from grange.sim.world import Wish, World
from grange.wire.watch import Watch
from tests.cli.conftest import Terminal
from tests.cli.terminals import farm_of, run, run_in_terminal

LATER = 4_102_444_800.0  # 2100-01-01 00:00 UTC
SMALL = ["simulate", "--nodes", "40", "--days", "1", "--seed", "2"]


@pytest.fixture(scope="module")
def day() -> Report:
    world = World(Wish(60, 1.5, seed=2, faults=True, haste=4))
    world.run()
    return report(world)


def test_a_week_is_shown_with_its_promises(grange: Terminal) -> None:
    ended = grange(*SMALL, "--faults")
    assert ended.exit_code == 0
    assert "40 nodes, 1 day, seed 2, with faults" in ended.stdout
    for word in ("Capacity in use", "Tasks, from ready", "Shares", "What happened", "P6  limits"):
        assert word in ended.stdout
    assert "µs a run" in ended.stderr
    assert "broken" not in ended.stdout


def test_a_week_is_one_document(grange: Terminal) -> None:
    found = json.loads(grange.says(*SMALL, "--json"))
    assert (found["nodes"], found["seed"], found["broken"], found["starved_s"]) == (40, 2, {}, 0)


def test_a_broken_promise_ends_with_1(grange: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FarmState, "ticket_free", lambda *_: True)
    ended = grange("simulate", "--nodes", "200", "--days", "0.8", "--seed", "2")
    assert ended.exit_code == 1
    assert "Broken, with seed 2" in ended.stdout
    assert "P6 day 1 " in ended.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(day: Report, width: int) -> None:
    assert not day.broken
    violation = Broken(promise="P3", day=1, time="01:02:03", at=1.0, text="1/0/0 runs twice")
    bad = msgspec.structs.replace(day, broken={"P3": 2}, violations=(violation,))
    console = Console(width=width, file=StringIO())
    with console.capture() as captured:
        console.print(*simulations.week(bad, width), sep="\n", crop=False)
    said = captured.get()
    assert max(len(line.rstrip()) for line in said.splitlines()) <= width
    assert "broken 2" in said
    assert "P3 day 1 01:02:03 1/0/0 runs twice" in said
    assert "…" not in said


def test_a_number_of_workers_is_for_a_plan(grange: Terminal) -> None:
    ended = grange("simulate", "--more", "3")
    assert (ended.exit_code, "are for --plan" in ended.stderr) == (2, True)
    ended = grange("simulate", "--plan", "--more", "3", "--fewer", "2")
    assert (ended.exit_code, "either --more or --fewer" in ended.stderr) == (2, True)


# --- a plan, of a real farm


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One worker; a job of eight tasks for one night, and one that is paused."""
    with farm_of(tmp_path_factory.mktemp("farm") / "state") as environment:
        place = find(environment=environment)
        block = Block(frames="1-8", command=("true",), capacity=1_100)
        with Client(place.url, place.token) as client:
            for message in client.watch(Watch(jobs=False), timeout_s=60):
                if any(worker.presence is Presence.ONLINE for worker in message.workers):
                    break
            client.submit(Job(name="night", blocks=(block,), wait_until=LATER))
            client.submit(Job(name="held", blocks=(block,), paused=True))
        yield environment


def planned(farm: dict[str, str], *words: str) -> dict[str, Any]:
    ended = run(["simulate", "--plan", "--json", *words], farm)
    assert ended.status == 0, ended.err
    return {job["name"]: job for job in json.loads(ended.out)["jobs"]}


@pytest.mark.slow
def test_a_plan_goes_by_what_has_finished_and_else_by_what_is_said(farm: dict[str, str]) -> None:
    found = planned(farm, "--task-time", "1h", "--more", "3")
    held, night = found["held"], found["night"]
    assert (held["left"], held["now_done"], night["left"], night["guessed"]) == (8, None, 8, True)
    assert night["now_done"] == pytest.approx(LATER + 8 * 3_600, abs=1)
    assert night["then_done"] == pytest.approx(LATER + 2 * 3_600, abs=1)
    assert run(["submit", "-q", "--wait", "-f", "1-2", "--", "sleep", "2"], farm).status == 0
    night = planned(farm, "--task-time", "1h")["night"]
    assert not night["guessed"]
    assert LATER + 16 <= night["now_done"] < LATER + 1_000


@pytest.mark.slow
def test_a_plan_is_shown_as_a_table(farm: dict[str, str]) -> None:
    ended = run_in_terminal(["simulate", "--plan", "--more", "1"], farm, columns=80)
    assert ended.status == 0
    for word in ("With 1 more worker like", "not by itself", "NOW DONE AT", "SAVED", "2100-01-01"):
        assert word in ended.out


@pytest.mark.slow
def test_a_plan_needs_a_worker_to_be_like(farm: dict[str, str]) -> None:
    ended = run(["simulate", "--plan", "--more", "1", "--like", "nobody"], farm)
    assert ended.status == 2
    assert "no worker 'nobody' is online; one of " in ended.err
