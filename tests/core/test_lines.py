from __future__ import annotations

import pytest

from grange.core.lines import drop, put


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ((0,), [(0,), (1,), (3,)]),
        ((2,), [(1,), (2,), (3,)]),
        ((4,), [(1,), (3,), (4,)]),
        ((3,), [(1,), (3,)]),
    ],
)
def test_an_item_is_put_where_it_belongs_once(item: tuple[int], line: list[tuple[int]]) -> None:
    found = [(1,), (3,)]
    put(found, item)
    assert found == line


@pytest.mark.parametrize(
    ("item", "line"),
    [((1,), [(3,)]), ((3,), [(1,)]), ((0,), [(1,), (3,)]), ((2,), [(1,), (3,)])],
)
def test_an_item_is_dropped_if_it_is_there(item: tuple[int], line: list[tuple[int]]) -> None:
    found = [(1,), (3,)]
    drop(found, item)
    assert found == line


def test_an_item_behind_all_others_is_not_there() -> None:
    line = [(1,)]
    drop(line, (2,))
    assert line == [(1,)]
