"""Dictionaries of the right shape, with all that a text can hold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from grange.doors.pyfarm.dictionary import frame_key
from grange.doors.pyfarm.xml_out import NOT_ATTRIBUTE

HARD = (
    "\0",
    "\x1b[31m",
    "\r\n",
    "\r 50%",
    "]]>",
    "<&\"'>",
    "\ud800",
    "\udcff",
    "\ufffe",
    "ü🔥",
    "",
)
texts = st.text(st.characters(exclude_categories=())) | st.sampled_from(HARD)
names = texts.map(lambda text: NOT_ATTRIBUTE.sub("", text))
numbers = st.integers() | st.integers(-(10**25), 10**25)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(texts, inside, max_size=3),
    max_leaves=5,
)
counts = st.none() | numbers
keys = st.integers(1 - 10**18, 10**18 - 1) | names.map(frame_key)


def others(*known: str) -> st.SearchStrategy[dict[str, Any]]:
    """Keys beyond those that are known."""
    return st.dictionaries(names.filter(lambda name: name not in known), values, max_size=2)


def head(*known: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    more = others(*known, *fields)
    return st.builds(lambda own, extra: own | extra, st.fixed_dictionaries(fields), more)


frames = head(
    status=st.none() | texts | values,
    host=st.none() | texts | values,
    pid=st.none() | numbers | values,
    command=st.none() | texts | values,
    stdout=st.none() | texts | values,
)
subjobs = head(
    status=st.none() | texts,
    complete=counts,
    total=counts,
    failed=counts | values,
    frames=st.dictionaries(keys, frames, max_size=3),
)
jobs = head(
    status=st.none() | texts,
    frames=head(complete=counts, total=counts | values, failed=counts),
    subjobs=st.dictionaries(names, subjobs, max_size=2),
)
dictionaries = st.dictionaries(names, jobs, max_size=2)
