"""The figures in the README."""

from __future__ import annotations

from pathlib import Path

from bench import readme
from bench.figure import row, table
from bench.kept import keep_tables
from tools.evidence import read


def test_the_tables_stand_between_the_markers_and_nothing_else_changes(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"# Before\n\n{readme.BEGIN}\nold\n{readme.END}\n\nafter\n", encoding="utf-8")
    keep_tables([table("Speed", [row("a|b", [1.0], "/s")], "Bound by light.")], tmp_path)
    readme.renew(page, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Before\n\n")
    assert text.endswith(f"{readme.END}\n\nafter\n")
    assert "### Speed\n\nBound by light." in text
    assert "| a\\|b | 1 /s |" in text
    assert "old" not in text


def test_a_new_table_takes_the_place_of_the_old_one_of_its_title(tmp_path: Path) -> None:
    keep_tables([table("Speed", [], "old"), table("Weight", [], "kept")], tmp_path)
    keep_tables([table("Speed", [], "new")], tmp_path)
    found = read("figures", tmp_path)
    assert found is not None
    assert {item.title: item.text for item in found.tables} == {"Speed": "new", "Weight": "kept"}


def test_the_readme_of_the_figures_has_both_markers() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert text.count(readme.BEGIN) == text.count(readme.END) == 1
