from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grange.core import gates
from tools.mutation.mutants import Mutant, all_modules, mutants
from tools.mutation.report import outcome, survivors
from tools.mutation.results import Ledger, Reason, Result, reasons
from tools.mutation.trial import Verdict, put


@pytest.fixture(scope="module")
def of_gates() -> list[Mutant]:
    return list(mutants("gates"))


def result(mutant: Mutant, verdict: Verdict, tests: str = "t") -> Result:
    return Result(key=mutant.key, basis=mutant.basis, tests=tests, verdict=verdict)


def test_every_mutant_has_a_key_of_its_own_and_is_a_program(of_gates: list[Mutant]) -> None:
    assert len({mutant.key for mutant in of_gates}) == len(of_gates) > 100
    assert all(mutant.code().co_name == mutant.function for mutant in of_gates)


def test_a_mutant_that_is_put_in_place_acts(of_gates: list[Mutant]) -> None:
    wanted = ("may_start", "if limit < 0:", "if False:")
    (never,) = (m for m in of_gates if (m.function, m.was, m.now) == wanted)
    real = gates.may_start.__code__
    try:
        put(never)
        assert not gates.may_start((1, 1), -1, 1.0)
    finally:
        gates.may_start.__code__ = real
    assert gates.may_start((1, 1), -1, 1.0)


def test_what_is_known_is_not_run_again(tmp_path: Path, of_gates: list[Mutant]) -> None:
    killed, survived, new, *_ = of_gates
    first = Ledger(tmp_path / "results.jsonl")
    first.note(result(killed, "killed"))
    first.note(result(survived, "survived"))
    ledger = Ledger(tmp_path / "results.jsonl")
    ledger.read()
    some = [killed, survived, new]
    assert ledger.left(some, "t") == [new]
    assert ledger.left(some, "other tests") == [new, survived]
    edited = msgspec.structs.replace(killed, basis="of another function")
    assert ledger.left([edited], "t") == [edited]


def test_a_survivor_is_explained_or_shown(tmp_path: Path, of_gates: list[Mutant]) -> None:
    mutant = of_gates[0]
    ledger = Ledger(tmp_path / "results.jsonl")
    ledger.note(result(mutant, "survived"))
    reason = Reason(
        kind="cost", module=mutant.module, function=mutant.function, was=mutant.was, why="slower"
    )
    assert outcome(mutant, ledger, [reason]) == "survived, explained"
    assert list(survivors([mutant], ledger, [reason])) == []
    assert len(list(survivors([mutant], ledger, []))) == 1
    ledger.note(result(mutant, "killed"))
    (said,) = survivors([mutant], ledger, [reason])
    assert "killed or gone" in said


def test_every_explained_survivor_is_of_a_module_of_the_core() -> None:
    known = reasons()
    assert {reason.module for reason in known} <= set(all_modules())
    assert {reason.kind for reason in known} <= {"equivalent", "cost", "text"}
    assert all(reason.why for reason in known)
