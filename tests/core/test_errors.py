from __future__ import annotations

import inspect
import re

import pytest

from grange.core import errors
from grange.core.errors import IllegalMove, InvalidField, NoSuchJob, Rejected
from tests.build import DONE, RUNNING

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Rejected) and kind is not Rejected
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_refusal_says_when_it_is_raised_and_has_a_code_like_its_name(
    kind: type[Rejected],
) -> None:
    assert kind.__doc__
    assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def test_no_two_refusals_have_one_code() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)


def test_a_refusal_names_its_field() -> None:
    assert (InvalidField("too much", "priority").field, NoSuchJob("no job 7").field) == (
        *("priority", ""),
    )


def test_an_illegal_move_says_from_where_to_where() -> None:
    assert str(IllegalMove(DONE, RUNNING)) == "a DONE task cannot become RUNNING"
