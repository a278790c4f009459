"""Whatever the farm holds can be stored, and whatever was stored can be read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from grange.core.records import BlockRecord, HostErrors, RunRecord
from grange.model.spec import BlockSpec
from grange.model.states import RunStatus
from grange.store.bodies import INT_MAX, Reader, encode
from grange.store.store import UnreadableRecord
from tests.store import make


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """As the model's specifications are."""

    number: Annotated[int, Meta(le=10)] = 0
    word: Literal["a", "b"] = "a"
    pair: tuple[float, bool] = (0.0, False)
    status: RunStatus | None = None
    inner: dict[str, tuple[HostErrors, ...]] = {}
    command: str | tuple[str, ...] = ""


def _read(**fields: Any) -> Strict:
    reader: Reader[Strict] = Reader(Strict)
    return reader.read(msgspec.msgpack.encode(fields))


def test_a_field_that_is_not_known_is_left_out() -> None:
    body = msgspec.msgpack.decode(encode(make.block()))
    body["new"] = 1
    body["spec"]["newer"] = {"x": [1]}
    reader: Reader[BlockRecord] = Reader(BlockRecord)
    assert reader.read(msgspec.msgpack.encode(body)) == make.block()


def test_a_field_that_is_not_there_has_its_default() -> None:
    assert _read(gone=1) == Strict()


def test_a_bound_that_was_narrowed_is_not_enforced() -> None:
    assert _read(number=11) == Strict(number=11)


def test_every_shape_is_given_back_although_a_field_is_not_known() -> None:
    inner: dict[str, tuple[HostErrors, ...]] = {"x": (HostErrors(count=1, last=2.0),)}
    full = Strict(1, "b", (2.0, True), RunStatus.LOST, inner, ("a", "b"))
    fields = msgspec.to_builtins(full) | {"gone": 1}
    assert _read(**fields) == full
    assert _read(gone=1, command="a", status=None) == Strict(command="a")


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "x"},
        {"inner": {"x": [{"count": 1}]}},
        {"status": "nobody knows"},
        {"pair": [1.0]},
        {"command": 5},
        {"inner": [1]},
    ],
)
def test_another_shape_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        _read(**fields)


def test_bytes_that_are_no_body_are_refused() -> None:
    reader: Reader[RunRecord] = Reader(RunRecord)
    with pytest.raises(UnreadableRecord):
        reader.read(b"\xc1")


def test_a_number_beyond_64_bits_becomes_the_nearest() -> None:
    reader: Reader[BlockSpec] = Reader(BlockSpec)
    body = encode(BlockSpec(parser_coeff=10**30, custom_data="kept", skip_thumbnails=True))
    assert reader.read(body) == BlockSpec(
        parser_coeff=INT_MAX, custom_data="kept", skip_thumbnails=True
    )


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    reader: Reader[BlockSpec] = Reader(BlockSpec)
    body = encode(BlockSpec(name="a\ud83d", environment={"\udc00": "é"}, files=("\ud800",)))
    assert reader.read(body) == BlockSpec(name="a?", environment={"?": "é"}, files=("?",))


def test_bytes_stay_bytes_when_a_record_has_to_be_mended() -> None:
    chunk = msgspec.structs.replace(make.chunk(), columns=b"\xff\0", error_hosts={10**30: {}})
    plain = msgspec.msgpack.decode(encode(chunk), strict=False)
    assert plain["columns"] == b"\xff\0"
    assert list(plain["error_hosts"]) == [INT_MAX]
