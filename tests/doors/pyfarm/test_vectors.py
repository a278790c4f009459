"""Dictionary, JSON and XML are what the specification shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grange.doors.pyfarm.dictionary import BadDictionary
from grange.doors.pyfarm.json_form import from_json, to_json
from grange.doors.pyfarm.words import tally_words
from grange.doors.pyfarm.xml_in import from_xml
from grange.doors.pyfarm.xml_out import to_xml
from tests.doors.pyfarm.vectors import CASES, VECTORS, dictionary, seed

LOOP = "Frame %i:\n\tStatus: %s\n\tHost: %s\n\tPID: %i\n\tCommand: %s\n\tLog: %s"  # of the seed


def keys(value: Any) -> Any:
    """The keys of a dictionary in their order, all the way down."""
    return [(key, keys(item)) for key, item in value.items()] if isinstance(value, dict) else None


@pytest.mark.parametrize("name", CASES)
def test_a_dictionary_is_written_as_xml(name: str) -> None:
    assert to_xml(dictionary(name)) == CASES[name]["xml"]


@pytest.mark.parametrize("name", CASES)
def test_xml_is_read_as_the_dictionary_in_its_order(name: str) -> None:
    found = from_xml(CASES[name]["xml"])
    assert found == dictionary(name)
    assert keys(found) == keys(dictionary(name))


@pytest.mark.parametrize("name", CASES)
def test_json_is_read_as_the_dictionary_with_numbers_for_frames(name: str) -> None:
    found = from_json(json.dumps(CASES[name]["json"]))
    assert found == dictionary(name)
    assert from_json(to_json(dictionary(name))) == dictionary(name)


@pytest.mark.parametrize("row", VECTORS["rollup"], ids=lambda row: "-".join(row["frames"]))
def test_frames_add_up(row: Any) -> None:
    found = tally_words(row["frames"])
    assert {**found.counts, "status": found.status} == row["expect"]


def test_what_is_done_to_the_seed_adds_up_at_each_step() -> None:
    frames = ["Failed", "Rendering", "Complete"]
    steps = [(1, "Complete"), (0, "Waiting"), (0, "Rendering"), (0, "Rendering"), (0, "Complete")]
    told = [tally_words(frames)]
    for place, word in steps:
        frames[place] = word
        told.append(tally_words(frames))
    told.append(tally_words([*frames, "Waiting"]))
    expected = [step["job"] for step in VECTORS["operations_on_seed"]]
    assert [{"status": item.status, **item.counts} for item in told] == expected


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["Paused"], "Paused"),
        (["Complete", "Failed", "Paused"], "Paused"),
        (["Paused", "Waiting"], "Waiting"),
        (["Complete", "Paused", "Waiting"], "Rendering"),
        (["Paused", "Rendering"], "Rendering"),
    ],
)
def test_frames_of_which_all_that_are_left_are_paused_are_paused(
    words: list[str], status: str
) -> None:
    assert tally_words(words).status == status


def test_the_loop_of_the_seed_prints_what_the_seed_shows() -> None:
    jobs = from_xml(to_xml(seed()))
    frames = jobs["Job1"]["subjobs"]["sub1"]["frames"]
    printed = ""
    for frame in frames.keys():  # noqa: SIM118 (the seed's own words)
        this = frames[frame]
        printed += LOOP % (
            *(frame, this["status"], this["host"], this["pid"], this["command"]),
            this["stdout"].split("\n"),
        ) + "\n"  # fmt: skip
    assert printed == VECTORS["seed_printed"]
    assert printed.replace("\t", "").rstrip() == VECTORS["seed_printed_as_shown_in_seed"]


@pytest.mark.parametrize("name", ["a\0b", "a\x1bb", "\ufffe", "\ud800"])
def test_a_name_that_xml_cannot_carry_is_refused(name: str) -> None:
    job = seed()["Job1"]
    for jobs in ({name: job}, {"J": job | {"subjobs": {name: {}}}}, {"J": job | {name: 1}}):
        with pytest.raises(BadDictionary, match="XML cannot carry a name"):
            to_xml(jobs)


def test_the_form_of_2009_is_read() -> None:
    found = from_xml(VECTORS["pyfarm_2009_xml_of_seed"])
    subjob = found["Job1"]["subjobs"]["sub1"]
    assert found["Job1"]["frames"] == {"complete": 1, "total": 3, "failed": 1}
    assert (found["Job1"]["status"], subjob["status"], subjob["priority"]) == (
        "Rendering",
        "Rendering",
        5,
    )
    statuses = {number: frame["status"] for number, frame in subjob["frames"].items()}
    assert statuses == {1: "Failed", 2: "Waiting", 3: "Complete"}
    assert subjob["frames"][3] == {
        "status": "Complete",
        "host": "render03",
        "pid": 10124,
        "command": "-r mr -v 5 -s 3 -e 3 scene.mb",
        "stdout": None,
        "id": "2",
        "log": "logs/Job1/sub1/Job1_sub1_2_003.txt",
        "elapsed": 0,
        "start": 0,
        "end": 0,
        "software": "Maya 2009",
    }


def entry(**attributes: str) -> str:
    inside = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<entry {inside}/>"


def of_2009(*entries: str) -> Any:
    text = "".join(entries)
    found = from_xml(f'<Jobs><job name="J"><subjob subid="s">{text}</subjob></job></Jobs>')
    return found["J"]["subjobs"]["s"]["frames"]


def test_none_and_nothing_are_none_in_the_form_of_2009() -> None:
    frames = of_2009(entry(num="1", status="0", host="None", pid="None", command="", start="1.5"))
    assert frames == {
        1: {
            "status": "Waiting",
            "host": None,
            "pid": None,
            "command": None,
            "stdout": None,
            "start": 1.5,
        }
    }


def test_layers_of_a_frame_are_frames_of_their_own() -> None:
    frames = of_2009(
        entry(num="1", id="a", status="2"), entry(num="1", id="b", status="3"), entry(num="2")
    )
    assert [(key, item["status"], item.get("id")) for key, item in frames.items()] == [
        (1, "Complete", "a"),
        ("1#b", "Failed", "b"),
        (2, "Waiting", None),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (entry(status="0"), "an <entry> has no num"),
        (entry(num="1", status="7"), "status '7'; it is from 0 to 3"),
        (entry(num="1", id="a") * 2 + entry(num="1", id="a"), "is there twice"),
        ("<entry num='1' num='2'/>", "duplicate attribute"),
        ("<frame/>", "<frame> cannot stand in <subjob>"),
        ("text", "text in <subjob>"),
    ],
)
def test_what_is_wrong_in_the_form_of_2009_is_said(text: str, why: str) -> None:
    with pytest.raises(BadDictionary, match=why):
        of_2009(text)
