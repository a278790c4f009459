from __future__ import annotations

import pytest

from grange.client.requests.message import Reply
from grange.client.tries import MOST_S, Tries


def pauses(patience_s: float) -> list[float]:
    tries = Tries(patience_s)
    found = []
    while (pause := tries.pause()) is not None:
        found.append(pause)
    return found


def test_pauses_grow_and_end_with_patience() -> None:
    assert pauses(1.0) == [0.1, 0.2, 0.4]
    assert sum(pauses(60.0)) <= 60.0
    assert max(pauses(60.0)) == MOST_S


def test_without_patience_there_is_one_try() -> None:
    assert pauses(0) == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_is_busy_is_tried_again(status: int) -> None:
    assert Tries(10).after(Reply(status=status)) == 0.1


def test_a_server_says_itself_how_long_to_wait() -> None:
    assert Tries(10).after(Reply(status=503, headers={"retry-after": "3"})) == 3.0
    assert Tries(2).after(Reply(status=503, headers={"retry-after": "3"})) is None


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_any_other_reply_is_taken(status: int) -> None:
    assert Tries(10).after(Reply(status=status)) is None
