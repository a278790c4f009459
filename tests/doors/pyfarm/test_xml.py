"""XML: everything comes back, by the schema, and what is hostile is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from grange.doors.pyfarm import xml_2009, xml_in
from grange.doors.pyfarm.dictionary import BadDictionary, normal
from grange.doors.pyfarm.json_form import from_json, to_json
from grange.doors.pyfarm.xml_in import DOCUMENT_MAX, from_xml, read_xml
from grange.doors.pyfarm.xml_out import to_xml
from tests.doors.pyfarm.strategies import dictionaries
from tests.doors.pyfarm.vectors import CASES, VECTORS, seed

SCHEMA = etree.XMLSchema(
    etree.fromstring(resources.files("grange.doors.pyfarm").joinpath("pyfarm.xsd").read_bytes())
)
BEGIN = '<jobs version="1">'
MEBIBYTE = 1024 * 1024


def valid(text: str) -> bool:
    return bool(SCHEMA.validate(etree.fromstring(text.encode())))


@given(dictionaries)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_everything_that_a_dictionary_can_hold_comes_back(jobs: Any) -> None:
    text = to_xml(jobs)
    assert valid(text), SCHEMA.error_log
    assert from_xml(text) == normal(jobs)
    assert from_json(to_json(jobs)) == normal(jobs)


@pytest.mark.parametrize("name", CASES)
def test_the_examples_are_by_the_schema(name: str) -> None:
    assert valid(CASES[name]["xml"]), SCHEMA.error_log


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8-sig"])
def test_other_encodings_are_read(encoding: str) -> None:
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    text = to_xml(seed()).replace("Job1", "Jöb1").replace("UTF-8", name)
    assert list(from_xml(text.encode(encoding))) == ["Jöb1"]


LAUGHS = (
    '<!DOCTYPE jobs [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + f"]>{BEGIN}&j;</jobs>"
)
OUTSIDE = f'<!DOCTYPE jobs [<!ENTITY x SYSTEM "file:///etc/passwd">]>{BEGIN}&x;</jobs>'
FETCHED = f'<!DOCTYPE jobs SYSTEM "http://127.0.0.1:9/x.dtd">{BEGIN}</jobs>'
PARAMETER = f'<!DOCTYPE jobs [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>{BEGIN}</jobs>'


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE, FETCHED, PARAMETER])
def test_a_document_type_is_refused_and_nothing_is_expanded_or_fetched(text: str) -> None:
    with pytest.raises(BadDictionary, match="line 1: a document type is not read"):
        from_xml(text)


def test_a_million_elements_in_one_another_are_refused_at_the_first() -> None:
    with pytest.raises(BadDictionary, match="<a> cannot stand in <jobs>"):
        from_xml(BEGIN + "<a>" * 1_000_000)
    with pytest.raises(BadDictionary, match="<jobs> cannot stand in <jobs>"):
        from_xml(BEGIN * 1_000_000)


def endless(begin: str, piece: bytes, taken: list[int]) -> Iterator[bytes]:
    yield begin.encode()
    for _ in range(1024):
        taken.append(len(piece))
        yield piece


def test_a_gigabyte_is_refused_before_all_of_it_is_read() -> None:
    taken: list[int] = []
    with pytest.raises(BadDictionary, match=f"at most {DOCUMENT_MAX} bytes"):
        read_xml(endless(BEGIN, b" " * MEBIBYTE, taken))
    assert sum(taken) <= DOCUMENT_MAX + MEBIBYTE


def test_more_frames_than_a_document_may_have_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(xml_in, "FRAMES_MAX", 2)
    monkeypatch.setattr(xml_2009, "FRAMES_MAX", 2)
    for text in (to_xml(seed()), VECTORS["pyfarm_2009_xml_of_seed"]):
        with pytest.raises(BadDictionary, match="more than 2 frames"):
            from_xml(text)


def within(text: str, level: str = "frame") -> str:
    """A document with something in its frame, subjob or job."""
    for tag, name in (("frame", "number"), ("subjob", "name"), ("job", "name")):
        if text and level == tag:
            text = f'<{tag} {name}="1">{text}</{tag}>'
            level = {"frame": "subjob", "subjob": "job", "job": ""}[tag]
    return f"{BEGIN}{text}</jobs>"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not XML: no element found"),
        ("hello", "not XML: syntax error"),
        ("<jobs>", "<jobs> needs an attribute 'version'"),
        ('<jobs version="2"/>', "version '2' of the dictionary; 1 is known"),
        ("<queue/>", "it begins with <queue>; <jobs> is wanted, or PyFarm's <Jobs>"),
        (f"{BEGIN}<job/></jobs>", "<job> needs an attribute 'name'"),
        (f'{BEGIN}<job name="a"/><job name="a"/></jobs>', "job 'a' is there twice"),
        (f'{BEGIN}<job name="a" nam="b"/></jobs>', "<job> has an attribute 'nam'"),
        (f'{BEGIN}<job name="a" total="x"/></jobs>', "total is 'x', which is no whole number"),
        (f'{BEGIN}<job name="a" total="{"9" * 5_000}"/></jobs>', "no whole number"),
        (f"{BEGIN}text</jobs>", "text in <jobs>: 'text'"),
        (within('<frame number="1"/><frame number="1"/>', "subjob"), "frame 1 is there twice"),
        (within("<command/><command/>"), "a frame has <command> twice"),
        (within('<stdout encoding="rot13"/>'), "encoding 'rot13'; only base64 is known"),
        (within('<stdout encoding="base64">a</stdout>'), "not base64 of UTF-8"),
        (within('<stdout encoding="base64">/w==</stdout>'), "not base64 of UTF-8"),
        (within("<stdout><b/></stdout>"), "<b> cannot stand in <stdout>"),
        (within('<extra key="a"/>'), "<extra> needs an attribute 'json'"),
        (within('<extra key="a" json="{"/>'), "not JSON"),
        (within('<extra key="a" json="1e999"/>'), "1e999 is not a number that JSON can hold"),
        (within('<extra key="a" json="NaN"/>'), "NaN is not a number that JSON can hold"),
        (within(f'<extra key="a" json="{"9" * 5_000}"/>'), "not JSON"),
        (within(f'<extra key="a" json="{"[" * 200_000}"/>'), "nested too deeply|not JSON"),
        (within('<extra key="a" json="1"/><extra key="a" json="2"/>'), "'a' is there twice"),
        (within('<extra key="frames" json="{}"/>', "subjob"), "'frames' is there twice"),
        (within("&nothing;"), "undefined entity"),
        ("<Jobs><job/></Jobs>", "a job has no name"),
        ('<Jobs><job name="a"/><job name="a"/></Jobs>', "a job 'a' is there twice"),
        ('<Jobs><job name="a"><subjob/></job></Jobs>', "a subjob has no name"),
        ('<?xml version="1.0" encoding="klingon"?><jobs/>', "unknown encoding"),
        ('<?xml version="1.0" encoding="utf-7"?><jobs/>', "not XML"),
        ("<jobs version='1'>\xff".encode("latin-1"), "not XML: not well-formed"),
    ],
)
def test_what_is_wrong_is_said(text: str | bytes, why: str) -> None:
    with pytest.raises(BadDictionary, match=why):
        from_xml(text)


def test_what_is_wrong_is_said_with_its_line() -> None:
    with pytest.raises(BadDictionary, match=r"^line 3: <job> needs an attribute 'name'"):
        from_xml(f"{BEGIN}\n\n<job/></jobs>")


@pytest.mark.parametrize("value", [{1: 2}, (1,), {1, 2}, object(), float("nan"), [float("inf")]])
def test_a_value_that_json_would_not_give_back_is_refused(value: object) -> None:
    jobs = seed()
    jobs["Job1"]["more"] = value
    with pytest.raises(BadDictionary, match=r"jobs\['Job1'\]\['more'\]"):
        to_xml(jobs)


@pytest.mark.parametrize(
    ("jobs", "where"),
    [
        ([], "jobs is to be a dictionary, not list"),
        ({"J": 1}, r"jobs\['J'\] is to be a dictionary"),
        ({1: {}}, "jobs: the key 1 is not text"),
        ({"J": {1: 2}}, r"jobs\['J'\]: the key 1 is not text"),
        ({"J": {"frames": []}}, r"jobs\['J'\]\['frames'\] is to be a dictionary"),
        ({"J": {"subjobs": []}}, r"jobs\['J'\]\['subjobs'\] is to be a dictionary"),
        ({"J": {"subjobs": {"s": 1}}}, r"\['subjobs'\]\['s'\] is to be a dictionary"),
        ({"J": {"subjobs": {2: {}}}}, r"\['subjobs'\]: the key 2 is not text"),
        ({"J": {"subjobs": {"s": {2: 1}}}}, "the key 2 is not text"),
        ({"J": {"subjobs": {"s": {"frames": {1: 2}}}}}, r"\['frames'\]\[1\] is to be"),
        ({"J": {"subjobs": {"s": {"frames": {1: {2: 3}}}}}}, "the key 2 is not text"),
        ({"J": {"subjobs": {"s": {"frames": {True: {}}}}}}, "neither number nor text"),
        ({"J": {"subjobs": {"s": {"frames": {10**18: {}}}}}}, "more than 18 digits"),
        ({"J": {"subjobs": {"s": {"frames": {1: {}, "1": {}}}}}}, "frame 1 is there twice"),
    ],
)
def test_a_dictionary_of_another_shape_is_refused_where_it_is(jobs: Any, where: str) -> None:
    with pytest.raises(BadDictionary, match=where):
        normal(jobs)


@pytest.mark.parametrize(
    "text",
    ["", "[", "[" * 100_000, '{"a": NaN}', "[1]", "\ud800".encode("utf-8", "surrogatepass")],
)
def test_json_that_is_none_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadDictionary):
        from_json(text)
