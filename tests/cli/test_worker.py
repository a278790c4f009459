"""`grange worker`: how it starts, what its doctor says, what it tells of the machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grange.cli.enlist import config_to_examine, owner
from grange.cli.findings import findings
from grange.cli.screen import out
from grange.model.run import Resources, Traits
from grange.model.states import Nimby
from grange.worker.doctor.finding import ok, warning, wrong
from tests.cli.conftest import Terminal
from tests.cli.terminals import farm_of, run, run_in_terminal, running


def parsed(text: str) -> Any:
    return json.loads(text)


def test_a_worker_cannot_be_for_its_owner_and_for_nobody(grange: Terminal) -> None:
    result = grange("worker", "--nimby", "--NIMBY")
    assert (result.exit_code, "say one of them" in result.stderr) == (2, True)


def test_a_machine_that_is_kept_for_its_owner_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    assert owner("", Nimby.OWNER) == "ann"
    assert owner("bob", Nimby.OWNER) == "bob"
    assert owner("", Nimby.NOBODY) == owner("", None) == ""


def test_options_before_a_command_of_the_worker_are_not_lost_in_silence(grange: Terminal) -> None:
    result = grange("worker", "--name", "x", "doctor")
    assert (result.exit_code, "say --name behind doctor" in result.stderr) == (2, True)


def test_a_machine_that_serves_nobody_can_be_examined(grange: Terminal, tmp_path: Path) -> None:
    del grange.environment["GRANGE_SERVER"]
    config, why = config_to_examine(name="n7", server=None, state_dir=tmp_path)
    assert (config.server, config.state_folder) == ("", tmp_path / "worker-n7")
    assert "grange join-code" in why


def test_the_doctor_ends_with_1_where_something_is_wrong(grange: Terminal) -> None:
    del grange.environment["GRANGE_SERVER"]
    result = grange("worker", "doctor")
    assert result.exit_code == 1
    assert "this machine has joined no farm" in result.stdout
    assert "grange worker --join CODE" in result.stdout
    assert " wrong" in result.stdout.splitlines()[-1]


def test_the_doctor_speaks_json(grange: Terminal) -> None:
    del grange.environment["GRANGE_SERVER"]
    said = parsed(grange("worker", "doctor", "--json").stdout)
    assert said["ok"] is False
    by_name = {item["name"]: item for item in said["findings"]}
    assert by_name["server"]["grade"] == "wrong"
    assert by_name["memory"]["grade"] in ("ok", "warning")
    assert set(by_name["memory"]) == {"name", "grade", "text", "advice"}


def test_findings_are_marked_and_summed() -> None:
    found = (ok("disk", "full of room"), warning("gpu", "hot", "cool it"), wrong("x", "y", "z"))
    with out().capture() as captured:
        out().print(*findings(found), sep="\n")
    lines = [line.split() for line in captured.get().splitlines() if line.strip()]
    assert lines[0][1:] == ["disk", "full", "of", "room"]
    assert lines[2][-2:] == ["cool", "it"]
    assert " ".join(lines[-1]) == "1 thing wrong, 1 warning"


def test_what_a_machine_tells_the_farm_can_be_seen(grange: Terminal) -> None:
    said = parsed(grange.says("worker", "resources", "--json"))
    assert set(said["traits"]) == {field.name for field in msgspec.structs.fields(Traits)}
    assert set(said["resources"]) == {field.name for field in msgspec.structs.fields(Resources)}
    assert said["resources"]["mem_total_mb"] > 0
    shown = [line.split()[0] for line in grange.says("worker", "resources").splitlines() if line]
    assert shown[1:5] in (["cpu", "memory", "disk", "network"], ["cpu", "memory", "swap", "disk"])
    assert shown[0] == said["traits"]["os"].split()[0]


@pytest.mark.slow
def test_the_doctor_of_a_living_worker_finds_its_farm(tmp_path: Path) -> None:
    with farm_of(tmp_path / "farm") as environment:
        plain = run(["worker", "doctor", "--allow-root"], environment)
        shown = run_in_terminal(["worker", "doctor", "--allow-root"], environment)
    assert "answers, is on this machine, and knows" in plain.out
    assert "as the server's, as far as whole seconds tell" in plain.out
    assert "nothing is wrong" in plain.out
    assert (plain.status, shown.status) == (0, 0)
    assert "\x1b[32m✓" in shown.out


@pytest.mark.proves("render.launching.nimby")
@pytest.mark.slow
@pytest.mark.parametrize(("flag", "nimby"), [("--nimby", "owner"), ("--NIMBY", "nobody")])
def test_a_worker_comes_as_its_owner_wants(tmp_path: Path, flag: str, nimby: str) -> None:
    with farm_of(tmp_path / "farm") as environment:
        words = ["worker", flag, "--name", "far", "--user", "ann", "--allow-root"]
        with running(words, environment):
            while True:
                shown = parsed(run(["workers", "--json"], environment).out)
                far = [item for item in shown if item["name"] == "far"]
                if far:
                    break
    assert (far[0]["spec"]["nimby"], far[0]["spec"]["user"]) == (nimby, "ann")
