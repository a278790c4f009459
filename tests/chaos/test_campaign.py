"""The campaign: what is tried in which order, and what is told and kept of it."""

from __future__ import annotations

from pathlib import Path
from random import Random

from chaos import campaign, table
from chaos.allowed import NotAllowed
from chaos.campaign import Try
from chaos.history import Finding, History, Note, Tail, read
from chaos.processes import Stuck
from chaos.scenario import Scenario
from chaos.scenarios import SCENARIOS
from chaos.stage import Stage
from chaos.verdicts.violation import Violation
from tools.evidence import Evidence, Table


def a_scenario(name: str, *, tries: int = 2, does: str = "nothing good") -> Scenario:
    return Scenario(
        name=name, does=does, promises=("P1", "P7"), run=goes_wrong, family="tests", tries=tries
    )


def goes_wrong(stage: Stage, random: Random) -> None:
    stage.write(Finding(promise="P7", text=f"the dice say {random.random()}"))
    raise Stuck("it does not start")


def is_not_allowed(stage: Stage, random: Random) -> None:
    raise NotAllowed("only root may")


SEEDS = ((1, 7), (2, 7), (3, 8))


def test_a_try_that_cannot_go_on_is_told_and_kept(tmp_path: Path) -> None:
    one = campaign.attempt(a_scenario("a"), 7, tmp_path / "try")
    assert [found.promise for found in one.violations] == ["stuck", "P7"]
    assert "it does not start" in (one.folder / "traceback").read_text()
    assert any(isinstance(event, Finding) for event in read(one.folder / "history.jsonl"))


def test_a_seed_repeats_the_choices_of_a_try(tmp_path: Path) -> None:
    tries = [campaign.attempt(a_scenario("a"), seed, tmp_path / str(n)) for n, seed in SEEDS]
    first, second, other = (one.violations[1].text for one in tries)
    assert first == second != other


def test_scenarios_are_tried_by_turns_each_as_often_as_it_wants(tmp_path: Path) -> None:
    refused = Scenario(name="c", does="", promises=(), run=is_not_allowed, family="tests")
    not_run: list[str] = []
    tries = campaign.run(
        [a_scenario("a"), refused, a_scenario("b", tries=1)],
        tmp_path,
        seed=5,
        not_run=lambda scenario, why: not_run.append(f"{scenario.name}: {why}"),
    )
    assert [(one.scenario.name, one.seed) for one in tries] == [("a", 5), ("b", 5), ("a", 6)]
    assert not_run == ["c: only root may"]


def test_tries_at_once_are_all_told(tmp_path: Path) -> None:
    scenarios = [a_scenario("a"), a_scenario("b")]
    tries = campaign.run(scenarios, tmp_path, jobs=3, not_run=lambda *_: None)
    told = sorted((one.scenario.name, one.seed) for one in tries)
    assert told == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_the_table_counts_tries_kills_and_violations() -> None:
    bad = (Violation(promise="P7", text="it lives"), Violation(promise="P7", text="it too"))
    scenario = a_scenario("a")
    tries = [
        Try(scenario=scenario, seed=1, kills=4, violations=(), folder=Path()),
        Try(scenario=scenario, seed=2, kills=6, violations=bad, folder=Path()),
    ]
    kept = table.evidence(tries, "make chaos")
    assert kept.promises == {"P1": (2, 0), "P7": (2, 2)}
    (part,) = kept.tables
    assert part.rows == (("a", "nothing good", 2, 10, 2, "2"),)


def test_what_was_not_tried_again_stands_unless_a_promise_was_broken() -> None:
    kept = ("server-killed", "x", 3, 60, 0, "none")
    broken, gone = ("farm-killed", "x", 2, 9, 1, "2"), ("no-such-fault", "x", 2, 9, 0, "none")
    former = Evidence(
        part="chaos",
        title="",
        command="make chaos",
        tables=(Table(title="", columns=table.COLUMNS, rows=(kept, broken, gone)),),
    )
    again = Try(scenario=SCENARIOS["restart-loop"], seed=1, kills=8, violations=(), folder=Path())
    found = table.evidence([again], "make chaos ONLY=restart-loop", former)
    rows = {row[0]: row[2:5] for part in found.tables for row in part.rows}
    assert rows == {"server-killed": (3, 60, 0), "restart-loop": (1, 8, 0)}
    assert found.promises["P1"] == (4, 0)
    assert found.command == "make chaos"
    assert found.text.startswith("4 tries with 68 killed processes")
    alone = table.evidence([again], "make chaos ONLY=restart-loop")
    assert (alone.command, alone.promises["P1"]) == ("make chaos ONLY=restart-loop", (1, 0))


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    history.write(Note(text="one"))
    tail = Tail(path)
    with path.open("ab") as file:
        file.write(b'{"kind":"note","at":1,')
        file.flush()
        assert [event.text for event in tail.read() if isinstance(event, Note)] == ["one"]
        file.write(b'"text":"two"}\n')
        file.flush()
        assert [event.text for event in tail.read() if isinstance(event, Note)] == ["two"]
    tail.close()
    history.close()
