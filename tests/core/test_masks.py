from __future__ import annotations

from typing import Any

import pytest

from grange.core.errors import InvalidField
from grange.core.masks import check_regex, find, host_mask, literal, regex, words
from tests.model.afanasy import vectors

MASKS = [v for v in vectors("mask_match") if not v["input"]["contain"]]


def passes(given: dict[str, Any]) -> bool:
    """An empty mask is not asked; an excluding one asks for the opposite."""
    if not given["pattern"]:
        return True
    try:
        found = host_mask(given["pattern"], given["type"])(given["subject"])
    except ValueError:
        return False
    return found is not given["exclude"]


@pytest.mark.proves("render.attributes.masks")
@pytest.mark.parametrize("vector", MASKS, ids=lambda v: str(v["input"]))
def test_a_host_mask_matches_what_it_matches_in_afanasy(vector: dict[str, Any]) -> None:
    assert passes(vector["input"]) is vector["output"]["match"]


@pytest.mark.parametrize("text", ["a;b", "a,b", "a|b", "a:b", "a b", " a ,, b ", "b", "a"])
def test_a_find_mask_is_a_list_of_beginnings(text: str) -> None:
    assert find(text)("alpha") or find(text)("beta")
    assert not find(text)("gamma")


def test_a_find_mask_of_separators_matches_nothing() -> None:
    assert not find("|")("a")


def test_a_regular_expression_must_match_the_whole_name() -> None:
    assert regex("n.")("n1")
    assert not regex("n.")("n12")
    assert not regex("n.")("an1")


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("(a*)*b", False),
        ("(a|aa)+$", True),
        ("(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x", False),
        ("(a?){50}a{50}", False),
        ("(" * 100 + "a" + ")*" * 100, True),
    ],
)
def test_a_hostile_regular_expression_is_answered(text: str, matches: bool) -> None:
    """One that goes back and tries again does not answer the first in a lifetime."""
    assert regex(text)("a" * 5_000) is matches


@pytest.mark.parametrize("text", [r"(a)\1", "(?=a)", "(?!a)b", "(?<=a)b", "a{1001}", "(", "[b-a]"])
def test_what_re2_does_not_have_is_refused_with_its_reason(text: str) -> None:
    """Afanasy takes ECMAScript's: a look-ahead or a back-reference is refused on purpose."""
    with pytest.raises(InvalidField, match="is not a regular expression: ") as caught:
        check_regex(text, "depend_mask")
    assert caught.value.field == "depend_mask"


def test_an_expression_that_needs_too_much_memory_is_refused() -> None:
    with pytest.raises(InvalidField):
        check_regex("((a{1000}){1000}){10}", "depend_mask")


def test_a_backslash_is_taken_as_it_is() -> None:
    assert regex(r"shot\d+\.v\d")("shot010.v2")


def test_an_empty_expression_is_sound() -> None:
    check_regex("", "depend_mask")


@pytest.mark.parametrize(
    ("text", "name"),
    [("shot 01-a/b", "shot 01-a/b"), ("a.b", None), ("a|b", None), ("a*", None), ("", "")],
)
def test_a_mask_that_can_mean_one_name_is_known_by_it(text: str, name: str | None) -> None:
    assert literal(text) == name


def test_a_wish_list_is_its_words() -> None:
    assert words("gpu, ssd|fast;x:y") == ("gpu", "ssd", "fast", "x", "y")
    assert words("") == ()


@pytest.mark.parametrize(
    ("text", "reason"), [("(a", "missing ): (a"), ("a**", "bad repetition operator: **")]
)
def test_a_refused_expression_is_told_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidField) as caught:
        check_regex(text, "depend_mask")
    assert str(caught.value) == f"{text!r} is not a regular expression: {reason}"


def test_a_refused_expression_leaves_nothing_on_the_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InvalidField):
        check_regex("(never asked before", "depend_mask")
    assert capfd.readouterr() == ("", "")
