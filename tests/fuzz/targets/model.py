"""Frames, patterns, orders, masks, paths: small languages that people write."""

from __future__ import annotations

import functools
from itertools import islice

from hypothesis import strategies as st

from grange.core import masks
from grange.core.build import clean_path
from grange.core.errors import InvalidField
from grange.doors.native.words import SPANS_MAX, one_of, spans
from grange.model import frames, order, patterns
from grange.model.frames import FRAME_MAX, FramesError, TaskFrames, TaskSpace
from grange.model.states import TaskState
from grange.server.refusal import BadField
from tests.fuzz.target import Target, over, text

FRAMES = TaskFrames(1, 9, 2, 5)
SHOWN = 1_000  # of what is lazy
NUMBER = st.one_of(st.integers(-200, 200), st.integers(-(2**33), 2**33))
RANGE = st.one_of(
    NUMBER.map(str),
    st.builds("{}-{}".format, NUMBER, NUMBER),
    st.builds("{} - {} x {}".format, NUMBER, NUMBER, st.integers(-1, 9)),
)
FRAME_LIST = st.lists(RANGE, min_size=1, max_size=6).map(lambda found: ",".join(found).encode())
PATTERN = st.lists(
    st.one_of(
        st.sampled_from(("@", "#", "@#@", "@###@", "@first##@", "@last#@", "@inc@", "@frames@")),
        st.sampled_from(("@task@", "@first", "last#@", "inc@", "\0", "a", "/")),
    ),
    max_size=20,
).map(lambda found: "".join(found).encode())


def frame_list(data: bytes) -> None:
    """A frame list, its tasks, and back to text."""
    ranges = frames.parse_frames(text(data))
    assert frames.parse_frames(",".join(map(str, ranges))) == ranges
    for item in ranges:
        assert -FRAME_MAX <= item.first <= item.last <= FRAME_MAX
    for per_task in (1, 7):
        space = TaskSpace(ranges, per_task)
        for task in islice(range(space.size), SHOWN):
            assert len(space[task].frames()) == space[task].number <= per_task
        if space.size < SHOWN:
            assert sorted(order.start_order(space, 3)) == list(range(space.size))


def task_list(data: bytes) -> None:
    """Numbers of tasks."""
    found = spans(text(data))
    assert len(found) <= SPANS_MAX
    assert all(first <= last for first, last in found)


def state(data: bytes) -> None:
    """The name of a state."""
    assert one_of(TaskState, text(data), "state") in TaskState


def pattern(data: bytes) -> None:
    """A pattern in a command and in a file's name."""
    said = text(data)
    assert patterns.fill(patterns.fill("a" + said, FRAMES), FRAMES) is not None
    words = tuple(said.split(" "))
    filled = patterns.fill_command(words, FRAMES)
    assert len(filled) == len(words) or "\0" in said
    assert len(list(patterns.fill_files((said,), FRAMES))) in (1, 5)
    assert patterns.named_command(words, ("a",))
    assert isinstance(patterns.named_files((said,), ("a",)), tuple)


def regular(data: bytes) -> None:
    """A mask that is a regular expression: it is refused, or answers."""
    said = text(data)
    masks.check_regex(said, "mask")
    match = masks.regex.__wrapped__(said)
    for name in ("", "node7", "a" * 2_000, said):
        assert match(name) in (True, False)
    only = masks.literal(said)
    assert only is None or match(only)


def wishes(data: bytes) -> None:
    """A mask of beginnings, and a list of words."""
    said = text(data)
    assert masks.find.__wrapped__(said)("node7") in (True, False)
    assert all(masks.words.__wrapped__(said))


def path(data: bytes) -> None:
    """The path of a branch or a pool, which is clean once and for all."""
    clean = clean_path(text(data))
    assert clean.startswith("/")
    assert clean_path(clean) == clean
    assert not {"", ".", ".."} & set(clean.split("/")[1:]) or clean == "/"


TARGETS = (
    Target(
        name="frame list",
        parse=frame_list,
        reaches=(
            "grange.model.frames:parse_frames",
            "grange.model.frames:_parse_range",
            "grange.model.frames:_refuse_repeats",
            "grange.model.order:start_order",
        ),
        refuses=(FramesError,),
        seeds=(b"1,4,10-20x3", b"-5--1", b"1-9x2,2-10x2", b" 7 - 9 x 2 ", b"0-2147483647"),
        found=(b"1-10x110",),
        structured=FRAME_LIST,
        grows=(
            functools.partial(over, b"1, "),
            lambda size: b"1" + b" " * size,
            lambda size: b"1-" + b"9" * size,
            lambda size: b",".join(b"%d" % (3 * at) for at in range(min(9_000, size // 6))),
        ),
        memory=400,
        work=40,
    ),
    Target(
        name="task numbers",
        parse=task_list,
        reaches=("grange.doors.native.words:spans",),
        refuses=(BadField,),
        seeds=(b"0-5,9", b"0-100x10", b"0-199999x2"),
        structured=FRAME_LIST,
        memory=3_000_000,  # a step in a few letters is many single tasks, to a bound of its own
        work=40,
    ),
    Target(
        name="state name",
        parse=state,
        reaches=("grange.doors.native.words:one_of", "grange.server.spelling:nearest"),
        refuses=(BadField,),
        seeds=(b"running", b"DONE", b"runing"),
    ),
    Target(
        name="pattern",
        parse=pattern,
        reaches=(
            "grange.model.patterns:fill",
            "grange.model.patterns:fill_command",
            "grange.model.patterns:fill_files",
            "grange.model.patterns:named_command",
            "grange.model.patterns:named_files",
        ),
        seeds=(b"render -s @#@ -e @##@", b"a.@####@.exr", b"@first#@-@last#@x@inc@ @frames@"),
        structured=PATTERN,
        grows=(
            functools.partial(over, b"@#"),
            lambda size: b"@" + b"#" * size,
            functools.partial(over, b"@first#@"),
        ),
        memory=300,
        work=12,
    ),
    Target(
        name="mask: regular expression",
        parse=regular,
        reaches=("grange.core.masks:check_regex", "grange.core.masks:literal"),
        refuses=(InvalidField,),
        seeds=(b"node[0-9]+", b"(?i)shot_.*", b"(a+)+$", b"\\d{1,3}(\\.\\w)*", b"a{1000}{1000}"),
        grows=(
            functools.partial(over, b"(a|"),
            functools.partial(over, b"a{1000}"),
            functools.partial(over, b"(?:a*)*"),
            functools.partial(over, b"[^a]"),
        ),
    ),
    Target(
        name="mask: words",
        parse=wishes,
        reaches=("grange.core.masks:find", "grange.core.masks:words"),
        seeds=(b"node1|node2;render", b"linux, gpu"),
        grows=(functools.partial(over, b"a "), functools.partial(over, b";;")),
        memory=200,
    ),
    Target(
        name="branch path",
        parse=path,
        reaches=("grange.core.build:clean_path",),
        seeds=(b"/show/sequence", b"..\\..\\etc//./a", b"show"),
        grows=(functools.partial(over, b"/.."), functools.partial(over, b"\\")),
        memory=200,
        work=8,
    ),
)
