"""The table of scenarios is whole."""

from __future__ import annotations

from collections import Counter

from chaos.faulty import KINDS
from chaos.judge import PROMISES
from chaos.scenarios import FAMILIES, SCENARIOS
from chaos.scenarios import tasks as of_tasks


def test_a_name_belongs_to_one_scenario() -> None:
    names = Counter(scenario.name for family in FAMILIES for scenario in family.SCENARIOS)
    assert [name for name, count in names.items() if count > 1] == []


def test_a_module_is_one_family() -> None:
    families = [{scenario.family for scenario in family.SCENARIOS} for family in FAMILIES]
    assert all(len(names) == 1 for names in families)
    assert len(set.union(*families)) == len(FAMILIES)


def test_promises_that_are_checked_are_known() -> None:
    for scenario in SCENARIOS.values():
        assert scenario.promises
        assert set(scenario.promises) <= set(PROMISES)


def test_every_way_to_misbehave_has_a_scenario() -> None:
    kinds = {getattr(scenario.run, "args", ("",))[0] for scenario in of_tasks.SCENARIOS}
    assert kinds == set(KINDS)
