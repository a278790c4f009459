"""Bodies: a fault is named by its place, whatever was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grange.doors.native.asks import Blocks, TasksChange
from grange.model.nodes import WorkerSpec
from grange.model.spec import JobSpec
from grange.server.decode import CHANGES_MAX, decode_changes, decode_json
from grange.server.refusal import BadField, BadJson, BadRequest, BodyTooLarge, UnknownField

JOB = {"name": "shot", "blocks": [{"frames": "1-10", "command": ["render", "@#@"]}]}


def refused(data: bytes, kind: Any = JobSpec) -> BadRequest:
    with pytest.raises(BadRequest) as error:
        decode_json(data, kind)
    return error.value


def test_what_is_sound_is_read() -> None:
    assert decode_json(json.dumps(JOB).encode(), JobSpec).blocks[0].frames == "1-10"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "the body is empty; JSON is wanted"),
        (b" \n", "the body is empty; JSON is wanted"),
        (b'{"name": }', "not JSON: invalid character at byte 9, line 1, column 10"),
        (b'{\n"name": }', "not JSON: invalid character at byte 10, line 2, column 9"),
        (b'{"name": "a"', "not JSON: it breaks off at byte 12, line 1, column 13"),
        (b'{"name": "a"}x', "not JSON: trailing characters at byte 13, line 1, column 14"),
        (b'{"priority": NaN}', "not JSON: invalid character at byte 13, line 1, column 14"),
        (b'{"name": "\xff"}', "not JSON: a text is not UTF-8"),
        (b'\xef\xbb\xbf{"name": "a"}', "not JSON: invalid character at byte 0, line 1, column 1"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(data: bytes, text: str) -> None:
    error = refused(data)
    assert (type(error), str(error)) == (BadJson, text)


def test_half_a_surrogate_pair_is_not_json() -> None:
    assert isinstance(refused(b'{"name": "\\ud800"}'), BadJson)


@pytest.mark.parametrize(
    ("data", "field", "text"),
    [
        (b"[]", "", "expected `object`, got `array`"),
        (b'{"name": 1}', "name", "expected `str`, got `int`"),
        (b'{"blocks": []}', "name", "this field is needed"),
        (b'{"name":"a","blocks":[{"frames":1}]}', "blocks[0].frames", "expected `str`, got `int`"),
        (b'{"name":"a","blocks":[{},{"frames":null}]}', "blocks[1].frames", "expected `str`, got `null`"),
        (b'{"name":"a","blocks":[],"priority":256}', "priority", "expected `int` <= 255"),
        (b'{"name":"a","blocks":[],"priority":1' + b"0" * 400 + b"}", "priority", "expected `int` <= 255"),
        (b'{"name":"a","blocks":[],"wait_until":1e999}', "wait_until", "number out of range"),
        (b'{"name":"a","blocks":[],"pools":{"x":"y"}}', "pools[...]", "expected `int`, got `str`"),
        (b'{"name":"a","blocks":[],"try_first":[[1]]}', "try_first[0]", "expected `array` of length 2"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_path(data: bytes, field: str, text: str) -> None:
    error = refused(data)
    assert (type(error), error.field, str(error)) == (BadField, field, text)


@pytest.mark.parametrize(
    ("data", "field", "near"),
    [
        (b'{"nam":"a"}', "nam", "'name'"),
        (b'{"name":"a","blocks":[{"framez":"1"}]}', "blocks[0].framez", "'frames'"),
        (b'{"name":"a","blocks":[{"tasks":[{"comand":"x"}]}]}', "blocks[0].tasks[0].comand", "'command'"),
    ],
)  # fmt: skip
def test_an_unknown_field_is_named_with_the_nearest(data: bytes, field: str, near: str) -> None:
    error = refused(data)
    assert (type(error), error.field) == (UnknownField, field)
    assert str(error).endswith(f"is not a field; did you mean {near}?")


def test_an_unknown_field_of_a_list_is_named_with_the_nearest() -> None:
    error = refused(b'[{"framez":"1"}]', Blocks)
    assert (error.field, "'frames'" in str(error)) == ("[0].framez", True)


def test_an_unknown_field_in_a_mapping_is_named_with_the_nearest() -> None:
    error = refused(b'{"tickets_host":{"maya":{"cuont":1}}}', WorkerSpec)
    assert "'count'" in str(error)


def test_an_unknown_field_like_no_other_is_named_alone() -> None:
    assert str(refused(b'{"qqqq":1}')) == "'qqqq' is not a field"


def test_a_long_name_is_not_repeated_whole() -> None:
    assert len(str(refused(b'{"' + b"q" * 10_000 + b'":1}'))) < 200


def test_a_wrong_word_is_named_with_the_nearest() -> None:
    error = refused(b'{"op":"skop"}', TasksChange)
    assert (error.field, str(error)) == ("op", "there is no 'skop' here; did you mean 'stop'?")


def test_a_word_like_no_other_is_refused_with_the_known_ones() -> None:
    assert "known are , find, regex" in str(refused(b'{"hosts_mask_type":"zzz"}'))


@pytest.mark.parametrize("kind", [JobSpec, dict])
def test_deep_nesting_is_refused(kind: Any) -> None:
    refused(b'{"name":"a","blocks":' + b"[" * 100_000, kind)
    refused(b'{"x":' + b'{"x":' * 100_000, kind)


def test_a_number_of_many_digits_is_refused() -> None:
    refused(b'{"x":' + b"9" * 10_000 + b"}", dict)


def test_changes_are_fields_and_values() -> None:
    assert decode_changes(b'{"priority": 7, "pools": {"a": [1.5]}}')["priority"] == 7


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"priority": 9223372036854775808}', "priority"),
        (b'{"pools": {"a": [1, -1' + b"0" * 400 + b"]}}", "pools.a[1]"),
    ],
)
def test_changes_beyond_64_bits_are_refused_with_their_path(data: bytes, field: str) -> None:
    with pytest.raises(BadField) as error:
        decode_changes(data)
    assert error.value.field == field


def test_changes_are_an_object() -> None:
    with pytest.raises(BadField):
        decode_changes(b"[]")


def test_changes_have_a_bound() -> None:
    with pytest.raises(BodyTooLarge):
        decode_changes(b" " * (CHANGES_MAX + 1))
