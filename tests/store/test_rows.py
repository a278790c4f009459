"""Records go into rows and come back the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grange.core.records import Changes, Record
from grange.store.rows import CREDENTIAL, KEY_MAX, KINDS, RUN, Kind, key, plain
from grange.store.sql import SqlStore
from grange.store.store import CredentialRecord, UnreadableRecord
from tests.store import make
from tests.store.strategies import records

GENEROUS = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ON_A_STORE = settings(
    GENEROUS,
    max_examples=20,
    suppress_health_check=[*GENEROUS.suppress_health_check, HealthCheck.function_scoped_fixture],
)
ANY_RECORD = st.one_of([records(kind) for kind in KINDS])


def test_every_type_of_record_has_a_table() -> None:
    assert set(KINDS) == set(Record.__args__)


@pytest.mark.parametrize("kind", [*KINDS.values(), CREDENTIAL], ids=lambda kind: kind.table.name)
@GENEROUS
@given(data=st.data())
def test_a_record_comes_back_from_its_row(kind: Kind[Any], data: st.DataObject) -> None:
    record = data.draw(records(kind.record))
    row = kind.to_row(record)
    assert len(row) == len(kind.table.columns)
    assert kind.from_row(row) == record


@ON_A_STORE
@given(put=st.lists(ANY_RECORD, max_size=20))
def test_whatever_is_put_is_in_the_next_snapshot(store: SqlStore, put: list[Record]) -> None:
    found = {_key(record): record for record in store.load().records}
    new = {_key(record): record for record in put}
    store.commit(Changes(put=list(new.values())))
    expected = {where: record for where, record in (found | new).items() if not _over(record)}
    after = store.load().records
    assert {_key(record): record for record in after} == expected
    assert len(after) == len(expected)


@ON_A_STORE
@given(put=st.lists(records(CredentialRecord), max_size=5, unique_by=lambda c: c.credential_id))
def test_whatever_credential_is_put_is_listed(
    store: SqlStore, put: list[CredentialRecord]
) -> None:
    for credential in put:
        store.put_credential(credential)
    found = {each.credential_id: each for each in store.credentials()}
    assert [found[each.credential_id] for each in put] == put


def _key(record: Record) -> tuple[Any, ...]:
    kind = KINDS[type(record)]
    names = list(kind.table.columns.keys())
    row = kind.to_row(record)
    return (kind.table.name, *(row[names.index(column.name)] for column in kind.table.primary_key))


def _over(record: Record) -> bool:
    return RUN.record is type(record) and getattr(record, "result", None) is not None


def test_a_key_stands_for_one_text_and_has_a_bound() -> None:
    assert key("ann") == "ann"
    assert key("é" * (KEY_MAX // 2)) == "é" * (KEY_MAX // 2)
    long = {key("é" * KEY_MAX), key("é" * KEY_MAX + "x"), key("a\0b"), key("a\ufffdb")}
    assert len(long) == 4
    assert all(len(text.encode()) <= KEY_MAX and "\0" not in text for text in long)


def test_half_a_surrogate_pair_is_the_same_key_before_and_after_a_restart() -> None:
    before = make.user("a\ud83d")
    kind = KINDS[type(before)]
    after = kind.from_row(kind.to_row(before))
    assert kind.to_row(after)[0] == kind.to_row(before)[0] == "a?"


def test_a_text_for_people_has_nothing_that_a_database_refuses() -> None:
    assert plain("a\0\ud83dé") == "a\ufffd?é"


def test_a_row_that_cannot_be_read_is_named() -> None:
    kind = KINDS[type(make.job())]
    row = kind.to_row(make.job(12))
    with pytest.raises(UnreadableRecord, match=r"row \(12,\) of table jobs"):
        kind.from_row((*row[:-1], msgspec.msgpack.encode({"job_id": "twelve"})))
