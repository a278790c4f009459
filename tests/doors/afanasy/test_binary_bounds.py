"""Hostile binary messages are refused before they cost anything; what is odd is made to fit."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest
from msgspec.structs import replace

from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.primitives import (
    BOOL,
    I8,
    I32,
    ITEMS_MAX,
    NUMBERS,
    TEXT,
    U8,
    Broken,
    Many,
    Number,
    Reader,
)
from grange.doors.afanasy.binary.renders import ADDRESS, NO_LOAD
from grange.doors.afanasy.binary.tasks import TASK
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind
from grange.doors.afanasy.shapes.block import (
    PROGRESS_BAR,
    BlockFull,
    BlockNames,
    BlockProgress,
    BlockProperties,
    BlockTask,
)
from grange.doors.afanasy.shapes.branch import Branch
from grange.doors.afanasy.shapes.event import MonitorEvents, TasksProgress, UserJobsOrder
from grange.doors.afanasy.shapes.job import Job, JobFull, JobProgress
from grange.doors.afanasy.shapes.monitor import Monitor
from grange.doors.afanasy.shapes.node import Address, NetInterface
from grange.doors.afanasy.shapes.pool import Pool
from grange.doors.afanasy.shapes.render import Render, RenderResources
from grange.doors.afanasy.shapes.task import Task, TaskPos, TaskProgress
from grange.doors.afanasy.shapes.traffic import (
    RenderEvents,
    RenderRegister,
    RenderUpdate,
    SentFile,
    TaskUpdate,
)
from grange.doors.afanasy.shapes.user import User
from tests.doors.afanasy.anything import anything
from tests.doors.afanasy.proves import message_name, note_message, proves

SHAPES: dict[Kind, Any] = {
    Kind.MONITOR: Monitor,
    Kind.RENDER_REGISTER: RenderRegister,
    Kind.RENDER_UPDATE: RenderUpdate,
    Kind.RENDER_EVENTS: RenderEvents,
    Kind.USER_JOBS_ORDER: UserJobsOrder,
    Kind.JOB_PROGRESS: JobProgress,
    Kind.TASK: Task,
    Kind.TASK_FILES: TaskUpdate,
}
LISTS: dict[Kind, Any] = {
    Kind.MONITORS_LIST: Monitor,
    Kind.RENDERS_LIST: Render,
    Kind.RENDERS_RESOURCES: RenderResources,
    Kind.USERS_LIST: User,
    Kind.BRANCHES_LIST: Branch,
    Kind.POOLS_LIST: Pool,
    Kind.JOBS_LIST: Job,
    Kind.JOB: JobFull,
    Kind.BLOCKS_PROGRESS: BlockProgress,
    Kind.BLOCKS_PROPERTIES: BlockProperties,
    Kind.BLOCKS: BlockFull,
}
POS = TaskPos(job=1, block=0, task=3, number=1)
UPDATE = TaskUpdate(
    render_id=1,
    pos=POS,
    status=5,
    percent=100,
    frame=0,
    percent_frame=0,
    progress_changed=True,
    activity="",
    resources="",
    report="",
    log="",
    listened=b"",
    data=b"all of it\xff\0",
    files=(SentFile(name="a.jpg", data=b"12"), SentFile(name="b.jpg", data=b"")),
)
PROGRESS = TaskProgress(state="", st=1)
EVENTS = MonitorEvents(
    jobs_add=(1, 2),
    pools_del=(7,),
    tasks_progress=(TasksProgress(job_id=2, blocks=(0,), tasks=(4,), progress=(PROGRESS,)),),
    block_ids=BlockNames(job_id=(2, 2), block_num=(0, 1), mode=("full", "progress")),
    jobs_order_ids=(3,),
    instruction="exit",
    message="hello",
)


def test_every_message_has_its_shape_here() -> None:
    rest = {Kind.STRING_LIST, Kind.MONITOR_EVENTS}  # tested by themselves
    assert {*SHAPES, *LISTS, *rest} == set(messages.FIELDS)


def values_of(kind: Kind, chance: random.Random) -> Any:
    """Anything that a message may hold."""
    if kind in SHAPES:
        return anything(SHAPES[kind], chance)
    if kind in LISTS:
        return (anything(LISTS[kind], chance),) * 2
    return ("a", "ü") if kind is Kind.STRING_LIST else EVENTS


@proves(*(message_name(kind, kind.name) for kind in messages.FIELDS))
def test_whatever_a_message_holds_comes_back_as_it_was_written() -> None:
    for kind in messages.FIELDS:
        chance = random.Random(kind)
        for _ in range(20):
            written = messages.encode(kind, values_of(kind, chance))
            found = messages.decode(kind, written[HEADER_BYTES:])
            assert messages.encode(kind, found) == written, kind
        note_message(kind, kind.name)


def decoded(kind: Kind, value: Any) -> Any:
    """What comes back of a value."""
    return messages.decode(kind, messages.encode(kind, value)[HEADER_BYTES:])


def test_files_of_a_task_come_back_each_whole() -> None:
    assert decoded(Kind.TASK_FILES, UPDATE) == UPDATE
    assert decoded(Kind.TASK_FILES, replace(UPDATE, files=())) == replace(UPDATE, files=())


@pytest.mark.parametrize("lie", [b"\0\0\0\3\0\0\0\2", b"\0\0\0\2\0\0\0\1"])
def test_files_that_are_not_as_many_as_is_said_are_refused(lie: bytes) -> None:
    written = messages.encode(Kind.TASK_FILES, UPDATE)[HEADER_BYTES:]
    truth = b"\0\0\0\2\0\0\0\2"  # bytes in all, and how many sizes follow
    assert written.count(truth) == 1
    with pytest.raises(Broken):
        messages.decode(Kind.TASK_FILES, written.replace(truth, lie))


def test_lists_of_texts_and_events_come_back() -> None:
    assert decoded(Kind.MONITOR_EVENTS, EVENTS) == EVENTS
    assert decoded(Kind.STRING_LIST, ("a", "ü")) == ("a", "ü")


def test_a_block_that_is_told_in_an_unknown_way_is_refused() -> None:
    names = BlockNames(job_id=(2,), block_num=(0,), mode=("full",))
    written = messages.encode(Kind.MONITOR_EVENTS, MonitorEvents(block_ids=names))[HEADER_BYTES:]
    mode = (50).to_bytes(4, "big")
    with pytest.raises(Broken, match="told in no way"):
        messages.decode(Kind.MONITOR_EVENTS, written.replace(mode, b"\0\0\0\x33"))


HUGE = 2**31 - 1


@pytest.mark.parametrize("kind", list(messages.FIELDS), ids=lambda kind: kind.name)
@pytest.mark.parametrize("filling", [b"\xff", b"\x7f", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
def test_a_hostile_message_costs_no_memory(kind: Kind, filling: bytes) -> None:
    data = filling * (4_000 // len(filling))
    tracemalloc.start()
    try:
        with pytest.raises(Broken):
            messages.decode(kind, data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [0, 5, 2**31, 2**32 - 1])
def test_a_text_that_is_longer_than_the_message_is_refused(length: int) -> None:
    with pytest.raises(Broken):
        TEXT.read(Reader(length.to_bytes(4, "big") + b"abc\0"))


@pytest.mark.parametrize("field", [NUMBERS, Many(TEXT, I32), Many(I8, I8)])
def test_a_count_that_there_is_no_room_for_is_refused(field: Many[Any]) -> None:
    with pytest.raises(Broken, match="items"):
        field.read(Reader(b"\x7f\xff\xff\xff\0\0\0\0"))


def test_more_items_than_a_message_may_have_are_refused() -> None:
    few, many = ITEMS_MAX // 2, ITEMS_MAX // 2 + 1
    messages.decode(Kind.STRING_LIST, few.to_bytes(4, "big") + b"\0\0\0\1\0" * few)
    lists = many.to_bytes(4, "big") + bytes(4 * many)
    with pytest.raises(Broken, match=f"at most {ITEMS_MAX} in a message"):
        messages.decode(Kind.MONITOR_EVENTS, lists * 2)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(Broken, match="-1 items"):
        Many(TEXT, I32).read(Reader(b"\xff\xff\xff\xff"))


def test_a_text_that_does_not_end_is_refused() -> None:
    with pytest.raises(Broken, match="does not end"):
        TEXT.read(Reader(b"\0\0\0\2ab"))


def test_what_is_no_utf8_comes_in_with_a_mark() -> None:
    assert TEXT.read(Reader(b"\0\0\0\3a\xff\0")) == "a�"


def test_half_a_character_is_written_as_a_question_mark() -> None:
    out = bytearray()
    TEXT.write(out, "a\ud800")
    assert out == b"\0\0\0\3a?\0"


def test_a_letter_that_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(Broken, match="neither yes nor no"):
        BOOL.read(Reader(b"x"))


@pytest.mark.parametrize(
    ("number", "value", "fits"),
    [(U8, 300, 255), (U8, -1, 0), (I8, -200, -128), (I32, 2**40, HUGE)],
)
def test_a_number_that_does_not_fit_is_the_nearest_that_does(
    number: Number, value: int, fits: int
) -> None:
    out = bytearray()
    number.write(out, value)
    assert number.read(Reader(bytes(out))) == fits


def test_numbers_that_stand_together_fit_one_by_one() -> None:
    found = decoded(Kind.TASK_FILES, replace(UPDATE, status=1_000, percent=-1_000, frame=7))
    assert (found.status, found.percent, found.frame) == (127, -128, 7)


def test_what_is_left_after_a_message_is_refused() -> None:
    written = messages.encode(Kind.STRING_LIST, ("a",))[HEADER_BYTES:]
    with pytest.raises(Broken, match="1 bytes are left"):
        messages.decode(Kind.STRING_LIST, written + b"\0")


def test_every_beginning_of_a_message_is_refused() -> None:
    written = messages.encode(Kind.TASK_FILES, UPDATE)[HEADER_BYTES:]
    for size in range(len(written)):
        with pytest.raises(Broken):
            messages.decode(Kind.TASK_FILES, written[:size])


@pytest.mark.parametrize(
    "address",
    [
        Address(family=4, ip="10.0.0.7", port=51_000),
        Address(family=6, ip="fd00:0000:0000:0000:0000:0000:0000:0002", port=0),
        Address(family=0, ip="", port=0),
    ],
)
def test_an_address_comes_back(address: Address) -> None:
    out = bytearray()
    ADDRESS.write(out, address)
    assert len(out) == ADDRESS.least
    assert ADDRESS.read(Reader(bytes(out))) == address


@pytest.mark.parametrize("ip", ["node7", "1.2.3.x", "300.1.1.1", ""])
def test_what_is_no_address_is_none(ip: str) -> None:
    out = bytearray()
    ADDRESS.write(out, Address(family=4, ip=ip, port=1))
    assert ADDRESS.read(Reader(bytes(out))) == Address(family=0, ip="", port=0)


def test_an_address_of_an_unknown_family_is_refused() -> None:
    with pytest.raises(Broken, match="no family"):
        ADDRESS.read(Reader(b"\7" + bytes(18)))


def test_what_is_no_hardware_address_is_zeros() -> None:
    odd = NetInterface(name="eth0", mac="odd")
    render = messages.decode(
        Kind.RENDER_REGISTER,
        messages.encode(Kind.RENDER_REGISTER, replace(REGISTER, netifs=(odd,)))[HEADER_BYTES:],
    )
    assert render.netifs[0].mac == "00:00:00:00:00:00"


REGISTER = RenderRegister(
    tasks=(),
    os="",
    engine="",
    name="r",
    user_name="",
    st=1,
    flags=0,
    priority=99,
    time_launch=0,
    address=Address(family=0, ip="", port=0),
    percents=(),
    idle_time=0,
    busy_time=0,
    host_resources=NO_LOAD,
    id=0,
    netifs=(),
)


def test_more_interfaces_than_can_be_counted_are_cut() -> None:
    many = tuple(NetInterface(name=str(at), mac="00:00:00:00:00:00") for at in range(200))
    assert len(decoded(Kind.RENDER_REGISTER, replace(REGISTER, netifs=many)).netifs) == 127


def test_a_task_says_what_is_executed_only_where_it_knows() -> None:
    task = Task(
        type="TExec",
        render_id=0,
        job_name="",
        block_name="",
        task_name="",
        service="",
        parser="",
        pos=POS,
        progress=PROGRESS,
        data="",
    )
    assert decoded(Kind.TASK, task).type == "TNULL"
    out = bytearray()
    TASK.write(out, task)
    out[:4] = (77).to_bytes(4, "big")
    with pytest.raises(Broken, match="no task of type 77"):
        TASK.read(Reader(bytes(out)))


def test_a_numeric_block_has_no_tasks_and_a_named_one_has() -> None:
    block = BlockFull(
        block_num=0,
        st=1,
        p_progressbar="r" * PROGRESS_BAR,
        name="b",
        service="generic",
        capacity=1_000,
        flags=0,
        tasks_num=1,
        frame_first=0,
        frame_last=0,
        frames_per_task=1,
        frames_inc=1,
        command="",
        tasks_name="",
        tasks=(BlockTask(name="t", command="true", files=("a.jpg",)),),
    )
    assert decoded(Kind.BLOCKS, (block,)) == (block,)
    (numeric,) = decoded(Kind.BLOCKS, (replace(block, flags=1),))
    assert numeric.tasks == ()


def test_a_progress_bar_always_has_its_length() -> None:
    block = BlockProgress(block_num=0, st=0, p_progressbar="DD")
    assert decoded(Kind.BLOCKS_PROGRESS, (block,))[0].p_progressbar == "DD".ljust(PROGRESS_BAR)


@pytest.mark.parametrize(("name", "kept"), [("/", ""), ("/p1", "r.*")])
def test_the_root_pool_alone_has_no_pattern(name: str, kept: str) -> None:
    pool = anything(Pool, random.Random(1))
    (found,) = decoded(Kind.POOLS_LIST, (replace(pool, name=name, pattern="r.*"),))
    assert (found.name, found.pattern) == (name, kept)
