"""Bodies: a fault is named by its place, whatever was sent."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
import pytest

from grange.doors.native.asks import Blocks, TasksChange
from grange.model.nodes import WorkerSpec
from grange.model.spec import JobSpec, TaskSpec
from grange.server.decode import CHANGES_MAX, decode_changes, decode_json
from grange.server.refusal import BadField, BadJson, BadRequest, BodyTooLarge, UnknownField


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """A body without a field that must be there."""

    name: str = ""
    size: Annotated[int, msgspec.Meta(le=255)] = 0
    share: float = 0.0
    marks: dict[str, int] = {}
    pairs: tuple[tuple[int, int], ...] = ()
    parts: tuple[TaskSpec, ...] = ()
    one: Annotated[TaskSpec, msgspec.Meta(description="a task")] | None = None
    style: Literal["", "find", "regex"] = ""


JOB = {"name": "shot", "blocks": [{"frames": "1-10", "command": ["render", "@#@"]}]}


def refused(data: bytes, kind: Any = Wanted) -> BadRequest:
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
        (b"{}x", "not JSON: trailing characters at byte 3, line 1, column 4"),
        (b'{"share": NaN}', "not JSON: invalid character at byte 10, line 1, column 11"),
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
        (b'{"name":1}', "name", "expected `str`, got `int`"),
        (b'{"parts":[{},{"name":null}]}', "parts[1].name", "expected `str`, got `null`"),
        (b'{"size":256}', "size", "expected `int` <= 255"),
        (b'{"size":1' + b"0" * 400 + b"}", "size", "expected `int` <= 255"),
        (b'{"share":1e999}', "share", "number out of range"),
        (b'{"marks":{"x":"y"}}', "marks[...]", "expected `int`, got `str`"),
        (b'{"pairs":[[1]]}', "pairs[0]", "expected `array` of length 2"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(data: bytes, field: str, text: str) -> None:
    error = refused(data)
    assert (type(error), error.field, str(error)) == (BadField, field, text)


@pytest.mark.parametrize(
    ("data", "field", "near"),
    [
        (b'{"nam":"a"}', "nam", "'name'"),
        (b'{"parts":[{"comand":"x"}]}', "parts[0].comand", "'command'"),
        (b'{"one":{"filez":[]}}', "one.filez", "'files'"),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest(data: bytes, field: str, near: str) -> None:
    error = refused(data)
    assert (type(error), error.field) == (UnknownField, field)
    assert str(error).endswith(f"is not a field; did you mean {near}?")


def test_a_field_that_is_missing_is_named() -> None:
    error = refused(b'{"name":"a"}', JobSpec)
    assert (error.field, str(error)) == ("blocks", "this field is needed")


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
    assert "known are , find, regex" in str(refused(b'{"style":"zzz"}'))


@pytest.mark.parametrize("kind", [Wanted, JobSpec, dict])
def test_deep_nesting_is_refused(kind: Any) -> None:
    refused(b'{"parts":' + b"[" * 100_000, kind)
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
