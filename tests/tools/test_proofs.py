"""A page that says which test proves what cannot say more than there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reference import coverage_pages, proofs
from tools.reference.proofs import Proof, Untrue

TEST = "import pytest\n\n@pytest.mark.proves({mark})\n{more}def {name}():\n    pass\n"


def marks_of(
    folder: Path, mark: str, name: str = "test_it", more: str = "", file: str = "test_a.py"
) -> dict[str, list[Proof]]:
    tests = folder / "tests"
    tests.mkdir()
    (tests / file).write_text(TEST.format(mark=mark, name=name, more=more))
    return proofs.marks.__wrapped__(tests)


def test_a_test_may_prove_several_items(tmp_path: Path) -> None:
    proof = Proof("tests/test_a.py", "test_it")
    assert marks_of(tmp_path, "'a.b', 'a.c'") == {"a.b": [proof], "a.c": [proof]}


def test_a_parameter_of_a_test_may_prove_an_item(tmp_path: Path) -> None:
    more = "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.proves('b'))])\n"
    assert marks_of(tmp_path, "'a'", more=more).keys() == {"a", "b"}


@pytest.mark.parametrize("mark", ["", "name", "'a', name", "item='a'"])
def test_a_mark_that_names_no_items_is_refused(mark: str, tmp_path: Path) -> None:
    with pytest.raises(Untrue, match=r"tests/test_a\.py:4: a mark that names no items"):
        marks_of(tmp_path, mark)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "helper"},
        {"file": "build.py"},
        {"more": "@pytest.mark.skipif(True, reason='x')\n"},
        {"more": "@pytest.mark.xfail\n"},
        {"more": "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.skip)])\n"},
    ],
)
def test_what_is_not_always_run_proves_nothing(changes: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Untrue, match="no test that is always run"):
        marks_of(tmp_path, "'a'", **changes)


def test_items_are_read_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "items.toml"
    file.write_text('[a.two]\nz = "Last."\nb = "First."\n[a.one]\nc = "C."\n')
    found = proofs.items(file)
    assert list(found.items()) == [
        ("a.two.z", "Last."),
        ("a.two.b", "First."),
        ("a.one.c", "C."),
    ]


def test_an_item_without_a_test_is_named() -> None:
    with pytest.raises(Untrue, match=r"no test proves a\.b"):
        proofs.proven({"a.b": "B.", "a.c": "C."}, {"a.c": [Proof("p", "t")]})


def test_a_mark_of_no_item_is_named_where_it_stands() -> None:
    some = {"a.b": [Proof("p", "t")], "a.x": [Proof("p", "test_x")], "other.y": [Proof("p", "t")]}
    with pytest.raises(Untrue, match=r"^p::test_x proves a\.x, which is nothing$"):
        proofs.proven({"a.b": "B."}, some)


def test_every_item_of_the_worker_is_on_its_page_with_its_tests() -> None:
    page = coverage_pages.worker_page()
    for name in proofs.items(coverage_pages.WORKER):
        assert f"| `{name.rpartition('.')[2]}` |" in page
    assert "](../../tests/" in page
