"""The report on reliability: what is kept is what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import evidence
from tools.evidence import Evidence, Table, keep, read
from tools.reference import reliability

PART = Evidence(
    part="chaos",
    title="The fault campaign",
    command="make chaos SEED=7",
    tables=(
        Table(
            title="Kills",
            columns=("fault", "tries", "spread"),
            rows=(("server | killed", 12_345, 0.25), ("worker", 7, 1_234.5)),
        ),
    ),
    promises={"P1": (12_352, 0), "P3": (500, 2)},
    date="2026-01-02",
    machine="2 cores",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(evidence, "read", lambda part: read(part, tmp_path))
    return tmp_path


def test_a_part_is_kept_as_it_is(folder: Path) -> None:
    path = keep(PART, folder)
    assert path.name == "chaos.json"
    assert read("chaos", folder) == PART


def test_a_part_says_when_and_where_it_was_run(folder: Path) -> None:
    keep(Evidence(part="figures", title="Figures", command="make bench", tables=()), folder)
    part = read("figures", folder)
    assert part is not None
    assert len(part.date) == 10
    assert "Python" in part.machine


def test_the_page_shows_tables_and_sums_up_promises(folder: Path) -> None:
    keep(PART, folder)
    page = reliability.page()
    assert "| server \\| killed | 12,345 | 0.25 |" in page
    assert "| worker | 7 | 1,234 |" in page or "| worker | 7 | 1,235 |" in page
    assert "12,352 in [chaos](#the-fault-campaign) | 0 |" in page
    assert "500 in [chaos](#the-fault-campaign) | 2 |" in page
    assert "make chaos SEED=7" in page


def test_a_part_that_was_never_run_is_not_shown(folder: Path) -> None:
    page = reliability.page()
    assert "not yet" in page
    assert "fault campaign" not in page
