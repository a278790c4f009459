"""The envelope of actions, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from grange.model.states import Role
from tests.build import job
from tests.doors.afanasy.recorded import recorded
from tests.doors.afanasy.stand import AUTHOR, Stand

PAUSE = {"type": "pause"}


def told(stand: Stand, action: dict[str, Any]) -> Any:
    """What is said of an action: kind and text."""
    info = stand.ask({"action": action})["info"]
    return info["kind"], info["text"]


RECORDED = ("nouser", "nohost", "badtype", "jobs_noids", "jobs_nosuch")


@pytest.mark.parametrize("name", RECORDED)
def test_a_wrong_envelope_is_refused_in_the_original_words(stand: Stand, name: str) -> None:
    for _ in range(4):
        stand.submit(job())
    (found,) = (i for i in recorded(f"server_scen4_{name}") if i["name"].endswith(name))
    assert stand.ask(found["input"]) == found["output"]


REFUSED = [
    ({**AUTHOR, "ids": [2], "operation": PAUSE}, "Invalid action."),
    ({**AUTHOR, "type": "jobs", "ids": [99], "operation": PAUSE}, "Action node ID not found: 99."),
    (
        {**AUTHOR, "type": "jobs", "mask": "x.*", "operation": PAUSE},
        "Jobs: No node matches 'x.*' found.",
    ),
    (
        {**AUTHOR, "type": "jobs", "ids": [2]},
        'Action should have an "operation" or(and) "params" object.',
    ),
    (
        {**AUTHOR, "type": "jobs", "ids": [1], "operation": {"type": "delete"}},
        "Action node ID not found: 1.\nGrange has no system job.",
    ),
    (
        {**AUTHOR, "type": "jobs", "ids": [2], "operation": {}},
        "operation needs 'type'",
    ),
    (
        {**AUTHOR, "type": "jobs", "ids": "2", "operation": PAUSE},
        "action.ids: expected `array | null`, got `str`",
    ),
    ({**AUTHOR, "type": "jobs", "ids": [2], "params": []}, None),
]


@pytest.mark.parametrize(("action", "text"), REFUSED, ids=range(len(REFUSED)))
def test_an_action_that_means_nothing_is_refused_with_a_sentence(
    stand: Stand, action: dict[str, Any], text: str | None
) -> None:
    stand.submit(job())
    kind, said = told(stand, action)
    assert kind == "error"
    assert said == text or (text is None and said.startswith("action.params: expected `object"))


def test_a_mask_is_matched_whole_and_by_re2(stand: Stand) -> None:
    first, second = stand.submit(job(name="act1")), stand.submit(job(name="act10"))
    assert stand.operate("jobs", "act1", "pause") == ("log", "Action processed.")
    assert stand.job(first).spec.paused
    assert not stand.job(second).spec.paused
    kind, text = stand.operate("jobs", "(?=a)", "pause")
    assert kind == "error"
    assert text.startswith("mask '(?=a)' is not a regular expression: ")


def test_what_is_done_to_some_and_not_to_others_is_said(stand: Stand) -> None:
    first, second = stand.submit(job(name="a")), stand.submit(job(name="b", paused=True))
    action = {**AUTHOR, "type": "jobs", "ids": [first, second, 77], "operation": PAUSE}
    assert told(stand, action) == (
        "info",
        "Done for 1 of 3. Action node ID not found: 77.\njob 'b' is paused already",
    )


def test_many_sentences_are_cut_short(stand: Stand) -> None:
    action = {**AUTHOR, "type": "jobs", "ids": list(range(50, 60)), "operation": PAUSE}
    kind, text = told(stand, action)
    assert kind == "error"
    assert text.splitlines()[-1] == "... and 5 more"


def test_who_may_not_is_told_so_and_nothing_is_done(stand: Stand) -> None:
    number = stand.submit(job(), user="ada")
    action = {**AUTHOR, "type": "jobs", "ids": [number], "operation": PAUSE}
    said = stand.ask({"action": action}, user="bob", role=Role.ARTIST)
    text = "PauseJob: 'bob' may do this to his own, not to 'ada''s"
    assert said == {"info": {"kind": "error", "text": text}}
    assert not stand.job(number).spec.paused


def test_an_action_on_hundreds_of_things_is_done_to_each(stand: Stand) -> None:
    numbers = [stand.submit(job(name=f"j{place}")) for place in range(210)]
    assert stand.operate("jobs", "j.*", "delete") == ("log", "Action processed.")
    assert not any(stand.has_job(number) for number in numbers)
