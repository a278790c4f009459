from __future__ import annotations

from typing import Any

import pytest

from grange.cli.fields import EDITABLE, changes
from grange.cli.session import Refused

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("job", "priority=150", 150),
        ("job", "annotation=for dailies", "for dailies"),
        ("job", "annotation=", ""),
        ("job", "annotation=[x]", "[x]"),
        ("job", "preview_approval=yes", True),
        ("job", "preview_approval=off", False),
        ("job", "need_memory_mb=16G", 16_384),
        ("job", "need_memory_mb=-1", -1),
        ("job", "life_time_s=2d", 172_800),
        ("job", "life_time_s=-1", -1),
        ("job", "wait_until=+2h", NOW + 7_200),
        ("job", "wait_until=0", 0.0),
        ("job", "wait_until=2001-09-09T01:46:40+00:00", 1_000_000_000.0),
        ("job", "depend_jobs=7,8", (7, 8)),
        ("job", "depend_jobs=", ()),
        ("job", "pools=/gpu=50,/old=-100", {"/gpu": 50, "/old": -100}),
        ("block", "tickets=nuke=1,houdini=2", {"nuke": 1, "houdini": 2}),
        ("block", 'command=["a","b c"]', ("a", "b c")),
        ("block", "command=echo a | cat", "echo a | cat"),
        ("worker", "nimby=nobody", "nobody"),
        ("worker", "services=blender,mitsuba", ("blender", "mitsuba")),
        ("pool", "tickets_pool=nuke=5", {"nuke": {"count": 5, "max_hosts": -1}}),
        ("pool", "pattern=gpu.*", "gpu.*"),
        ("user", "solve=priority", "priority"),
    ],
)
def test_a_value_is_read_as_its_field_wants_it(kind: str, text: str, value: Any) -> None:
    name = text.partition("=")[0]
    assert changes(kind, [text], NOW) == {name: value}


@pytest.mark.parametrize(
    ("kind", "text", "advice"),
    [
        ("job", "prority=5", "did you mean 'priority'?"),
        ("job", "priority", "write NAME=VALUE"),
        ("job", "priority=999", "255"),
        ("job", "priority=high", "int"),
        ("job", "name=other", "a job has no 'name' that can be set"),
        ("job", "need_memory_mb=lots", "write 8G"),
        ("job", "life_time_s=long", "write 90"),
        ("job", "wait_until=tomorrow", "+2h"),
        ("job", "pools=/gpu", "NAME=VALUE"),
        ("block", "frames=1-5", "a block has no 'frames' that can be set"),
        ("worker", "nimby=perhaps", "perhaps"),
        ("pool", "tickets_pool=nuke=many", "many"),
    ],
)
def test_what_cannot_be_set_is_refused_with_advice(kind: str, text: str, advice: str) -> None:
    with pytest.raises(Refused) as caught:
        changes(kind, [text], NOW)
    assert advice in str(caught.value)


@pytest.mark.parametrize("kind", EDITABLE)
def test_every_field_that_can_be_set_can_be_read_back(kind: str) -> None:
    spec, editable = EDITABLE[kind]
    assert set(editable) <= set(spec.__struct_fields__)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Refused, match="it is no UTF-8"):
        changes("job", ["annotation=caf\udce9"], NOW)
