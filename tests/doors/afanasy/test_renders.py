"""Render nodes: they come, get tasks, tell of them, and are told when their word counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from grange.core import commands as c
from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, number
from grange.doors.afanasy.renders.machine import ZOMBIE_S
from grange.doors.afanasy.renders.orders import number_of
from grange.doors.afanasy.renders.renders import LEAVE, UNKNOWN
from grange.doors.afanasy.shapes.task import TaskExec
from grange.doors.afanasy.shapes.traffic import AS_USUAL, KEEP, RenderEvents, SentFile
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult
from grange.model.states import Nimby, Presence, RunStatus, TaskFlag, TaskOp
from grange.server.engine import Engine
from grange.store.files import LogNotKept
from tests.build import DONE, FAILED, READY, RUNNING, SKIPPED, block, job, named
from tests.doors.afanasy.afrender import (
    DONE as OVER,
)
from tests.doors.afanasy.afrender import (
    ERROR,
    KILLED,
    REGISTER,
    WARNS,
    Afrender,
    Farmyard,
    edited,
    far,
    farmyard,
    so_far,
    while_committing,
)
from tests.doors.afanasy.proves import message_name, proves
from tests.doors.afanasy.recorded import recorded, renamed

WELCOME = bytes.fromhex(recorded("wire_34_36")[0]["output"]["reply_hex"])
MEASURED = bytes.fromhex(recorded("wire_35")[1]["input"]["request_hex"])


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Farmyard]:
    with farmyard(tmp_path) as found:
        yield found


@pytest.fixture
def render(yard: Farmyard) -> Afrender:
    """A node that has registered."""
    node = Afrender(yard)
    node.register()
    return node


def begun(yard: Farmyard, render: Afrender, **fields: object) -> tuple[int, TaskExec]:
    """A job of one task, which the node was given."""
    number = yard.submit(job(block("1", **fields)))
    return number, render.given()


def booked(yard: Farmyard, order: TaskExec) -> RunResult:
    """How a run ended, as it is stored."""
    record = yard._store.run(order.number)
    assert record is not None
    assert record.result is not None
    return record.result


# Coming and going


def test_a_render_that_comes_is_welcomed_as_by_the_real_server(yard: Farmyard) -> None:
    told = Afrender(yard).ask(REGISTER)
    theirs: RenderEvents = messages.decode(Kind.RENDER_EVENTS, WELCOME[HEADER_BYTES:])
    assert told == messages.encode(Kind.RENDER_EVENTS, replace(theirs, id=1))


def test_a_render_becomes_a_worker_with_its_machine(yard: Farmyard) -> None:
    Afrender(yard, name="r2").register()
    worker = yard.worker(1)
    traits = worker.traits
    assert (worker.name, worker.presence, worker.spec.user) == ("r2", Presence.ONLINE, "artist")
    assert (traits.os, traits.cpu_cores, traits.memory_mb) == (
        "unix linux 64 debian 12",
        2,
        24_105,
    )
    assert traits.macs == ("02:fc:00:00:00:01",)
    assert traits.addresses[0] == "192.0.2.2"
    assert [item.name for item in traits.netifs] == ["ifb0", "ifb1", "eth0"]
    assert (traits.services, traits.gpus, traits.launches) == ((), 0, True)
    assert worker.address == "10.0.0.7"


@pytest.mark.parametrize(
    ("state", "nimby"), [(1, Nimby.FREE), (3, Nimby.OWNER), (5, Nimby.NOBODY), (7, Nimby.NOBODY)]
)
def test_a_render_started_as_nimby_is(yard: Farmyard, state: int, nimby: Nimby) -> None:
    Afrender(yard).register(st=state)
    assert yard.worker(1).spec.nimby is nimby


def test_a_render_that_was_started_as_nimby_and_set_free_stays_so(yard: Farmyard) -> None:
    node = Afrender(yard)
    node.register(st=3)
    yard.do(c.EditWorker(worker_id=WorkerId(1), changes={"nimby": "free"}))
    yard.restart()
    node.register(st=3)
    assert yard.worker(1).spec.nimby is Nimby.FREE


def test_a_render_with_nothing_to_do_is_told_its_number(yard: Farmyard, render: Afrender) -> None:
    quiet = bytes.fromhex(recorded("wire_35")[0]["input"]["request_hex"])
    mine = quiet.replace(b"\0\0\0\2", b"\0\0\0\1", 1)
    assert render.ask(mine) == number(Kind.RENDER_ID, 1)


def test_the_load_of_a_machine_is_kept_and_counts(yard: Farmyard, render: Afrender) -> None:
    mine = MEASURED.replace(b"\0\0\0\2", b"\0\0\0\1", 1)
    assert render.ask(mine) == number(Kind.RENDER_ID, 1)
    load = yard.gauges.resources[WorkerId(1)]
    assert (load.mem_total_mb, load.cpu_idle, load.cpu_loadavg) == (24_105, 96, (0.2, 0.6, 0.6))
    assert yard.worker(1).measured_memory_mb == load.mem_free_mb == 23_498
    assert yard.touched == [1]


def test_one_that_nobody_knows_is_to_register(yard: Farmyard) -> None:
    node = Afrender(yard)
    node.id = 7
    assert node.poll() == UNKNOWN


def test_a_render_is_shown_with_the_words_that_it_has_for_its_machine(
    yard: Farmyard, render: Afrender
) -> None:
    assert render.comes.host_resources.hw_info == "AMD EPYC"
    render.poll(host_resources=render.comes.host_resources)
    (shown,) = yard.get("renders", mode="resources")["renders"]
    assert shown["host_resources"]["hw_info"] == "AMD EPYC"


def test_nobody_speaks_for_a_render_of_another_address(yard: Farmyard, render: Afrender) -> None:
    thief = Afrender(yard, address="10.0.0.8")
    thief.id = render.id
    assert thief.poll() == UNKNOWN
    assert thief.leave() == b""
    assert yard.presence() is Presence.ONLINE


def test_a_second_render_of_one_name_is_sent_away(yard: Farmyard, render: Afrender) -> None:
    other = Afrender(yard, launched=2)
    assert other.waits()
    yard.at += 1
    assert render.poll() == render.id
    told = other.register()
    assert told.id == LEAVE
    assert "online" in told.log
    assert render.poll() == render.id


def test_a_render_that_starts_again_after_a_crash_waits_for_what_it_had(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    again = Afrender(yard, launched=2)
    assert again.waits()
    yard.pass_time(ZOMBIE_S)
    assert again.waits()
    yard.pass_time(1)
    assert yard.states(number) == [READY]
    (once_more,) = again.register().tasks
    assert again.id == render.id
    assert once_more.number != order.number


def test_a_name_of_a_worker_of_ours_is_taken_too(yard: Farmyard) -> None:
    yard.join("r1")
    assert Afrender(yard).register().id == LEAVE


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_a_render_needs_a_name_that_can_be_kept(yard: Farmyard, name: str) -> None:
    told = Afrender(yard, name=name).register()
    assert told.id == LEAVE
    assert "name" in told.log


def test_an_offline_name_is_used_again_with_what_is_set_on_it(yard: Farmyard) -> None:
    first = Afrender(yard)
    first.register()
    yard.do(c.EditWorker(worker_id=WorkerId(1), changes={"annotation": "by the door"}))
    first.leave()
    assert Afrender(yard, launched=2).register().id == first.id
    assert yard.worker(1).spec.annotation == "by the door"


@proves(message_name(Kind.RENDER_DEREGISTER, Kind.RENDER_DEREGISTER.name))
def test_a_render_that_leaves_is_answered_nothing_and_its_tasks_are_ready(
    yard: Farmyard, render: Afrender
) -> None:
    number, _ = begun(yard, render)
    assert render.leave() == b""
    assert (yard.presence(), yard.states(number)) == (Presence.OFFLINE, [READY])
    assert yard.block(number).tasks.errors[0] == 0


def test_a_silent_render_is_a_zombie(yard: Farmyard, render: Afrender) -> None:
    number, _ = begun(yard, render)
    yard.pass_time(ZOMBIE_S)
    assert yard.presence() is Presence.ONLINE
    yard.pass_time(0.1)
    assert (yard.presence(), yard.states(number)) == (Presence.OFFLINE, [READY])
    assert yard.block(number).tasks.errors[0] == 0
    assert render.poll() == UNKNOWN


def test_a_zombie_that_comes_back_stops_what_is_not_its_own_any_more(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    yard.pass_time(ZOMBIE_S + 1)
    running = dict(render.running)
    told = render.register()
    assert told.stops == tuple(running)
    (again,) = told.tasks
    assert again.number != order.number
    assert yard.states(number) == [RUNNING]


def test_a_server_that_stops_lets_a_render_try_again(yard: Farmyard) -> None:
    yard.wait(stopped(yard.engine))
    assert Afrender(yard).waits()


async def stopped(engine: Engine) -> None:
    """The engine has ended."""
    engine._ended.set()


def test_a_worker_that_is_deleted_is_to_register(yard: Farmyard, render: Afrender) -> None:
    yard.do(c.LoseWorker(worker_id=WorkerId(1)))
    yard.do(c.DeleteWorker(worker_id=WorkerId(1)))
    assert render.poll() == UNKNOWN
    yard.pass_time(1)
    assert render.register().id == 2


# Tasks


def test_a_task_is_given_as_by_the_real_server(yard: Farmyard, render: Afrender) -> None:
    said = recorded("wire_35_36")[0]["output"]["reply"]["tasks"][0]
    yard.do(c.EditPool(path="/", changes={"capacity_host": 1_100}))
    spec = block(
        "1-4",
        name="render",
        frames_per_task=2,
        command=said["command_block"],
        working_directory=said["working_directory"],
        parser="generic",
        environment=said["environment"],
        files=tuple(said["files_block"]),
    )
    number = yard.submit(job(spec, name="vec_out"))
    yard.do(c.ChangeTasks(job_id=JobId(number - 1), op=TaskOp.SKIP, block=0, tasks=((0, 0),)))
    render.poll()
    (order,) = render.running.values()
    told = renamed({name: getattr(order, name) for name in order.__struct_fields__})
    own = {"number", "time_start", "job_id", "flags"}
    assert {key: value for key, value in told.items() if key not in own} == {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in said.items()
        if key not in own
    }
    assert order.flags == 1  # somebody always reads along


def test_a_task_that_starts_as_its_render_comes_is_told_with_the_welcome(yard: Farmyard) -> None:
    yard.submit(job(block("1")))
    told = Afrender(yard).register()
    assert (told.id, len(told.tasks), told.log) == (1, 1, "Render became online.")


def test_a_named_task_brings_its_part_of_the_command(yard: Farmyard, render: Afrender) -> None:
    spec = named("a", command="echo @#@")
    tasks = tuple(replace(task, command="hello", files=("a.jpg",)) for task in spec.tasks)
    yard.submit(job(replace(spec, tasks=tasks)))
    order = render.given()
    assert (order.command_block, order.command_task) == ("echo @#@", "hello")
    assert (order.block_flags & 1, order.name) == (0, "a")
    assert (order.files_block, order.files_task) == (("@#@",), ("a.jpg",))


@pytest.mark.parametrize(
    ("os", "line"),
    [("unix linux 64", "render 'a b' '@#@'"), ("windows 11", 'render "a b" @#@')],
)
def test_a_list_of_arguments_becomes_a_line_of_the_machines_shell(
    yard: Farmyard, os: str, line: str
) -> None:
    node = Afrender(yard)
    node.register(os=os)
    _, order = begun(yard, node, command=("render", "a b", "@#@"))
    assert (order.command_block, order.command_task) == (line, "")


def test_patterns_that_only_we_know_are_filled(yard: Farmyard, render: Afrender) -> None:
    yard.submit(
        job(block("3-4", frames_per_task=2, command="echo @first##@ @last#@ @#@ @frames@"))
    )
    assert render.given().command_block == "echo 03 4 3 3-4"


def test_what_a_service_wants_to_know_comes_along(yard: Farmyard, render: Afrender) -> None:
    yard.do(c.EditWorker(worker_id=WorkerId(1), changes={"custom_data": "w"}))
    fields = {
        "file_size_min": 10,
        "file_size_max": 99,
        "skip_existing_files": True,
        "check_rendered_files": True,
        "parser_coeff": 2,
        "custom_data": "b",
        "tickets": {"LIC": 1},
    }
    yard.submit(job(block("1", **fields), custom_data="j"))
    order = render.given()
    assert order.data_integers | {"file_size_min": 10, "file_size_max": 99} == order.data_integers
    assert order.data_integers["parser_koeff"] == 2
    assert order.data_strings == {
        "job_custom_data": "j",
        "render_custom_data": "w",
        "block_custom_data": "b",
    }
    assert order.block_flags == 1 | 1 << 6 | 1 << 7
    assert order.tickets == {"LIC": 1}


def test_progress_is_shown_and_not_kept(yard: Farmyard, render: Afrender) -> None:
    _, order = begun(yard, render)
    said = far(order, percent=45, frame=1, percent_frame=90, activity="act90")
    assert render.poll(said) == render.id
    shown = yard.gauges.progress[RunId(order.number)]
    assert (shown.percent, shown.frame, shown.frame_percent) == (45, 1, 90)
    assert (shown.activity, shown.warning) == ("act90", False)


def test_a_percentage_that_cannot_be_is_unknown(yard: Farmyard, render: Afrender) -> None:
    _, order = begun(yard, render)
    render.poll(far(order, percent=-1, percent_frame=120, frame=-7))
    shown = yard.gauges.progress[RunId(order.number)]
    assert (shown.percent, shown.frame, shown.frame_percent) == (-1, -1, -1)


def test_a_task_that_is_done_is_closed_once_that_is_on_disk(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    yard.now += 5
    data = render.update(far(order, OVER, parsed_files=("/a.jpg",)))
    early, answer = while_committing(yard, render.asking(data))
    assert not early
    told = render.read_poll(answer)
    assert isinstance(told, RenderEvents)
    assert [pos.job for pos in told.closes] == [number]
    assert yard.states(number) == [DONE]
    assert yard.block(number).run_time_sum == 5


def test_an_end_that_is_said_again_is_closed_again(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    first, again = (render.told(far(order, OVER)) for _ in range(2))
    assert first.closes == again.closes != ()
    assert yard.states(number) == [DONE]


@pytest.mark.parametrize(
    ("status", "means", "state"),
    [
        (5, RunStatus.DONE, DONE),
        (6, RunStatus.FAILED, FAILED),
        (7, RunStatus.KILLED, FAILED),
        (8, RunStatus.PARSER_ERROR, FAILED),
        (9, RunStatus.FATAL, FAILED),
        (10, RunStatus.BAD_RESULT, FAILED),
        (11, RunStatus.PARSER_SUCCESS, DONE),
        (12, RunStatus.FAILED_POST, DONE),
        (13, RunStatus.BAD_FILES, FAILED),
        (20, RunStatus.SKIPPED, SKIPPED),
        (23, RunStatus.START_FAILED, FAILED),
    ],
)
def test_every_way_to_end_is_known(
    yard: Farmyard, render: Afrender, status: int, means: RunStatus, state: int
) -> None:
    number, order = begun(yard, render, errors_retries=0)
    render.told(far(order, status))
    assert yard.states(number) == [state]
    result = booked(yard, order)
    assert result.status is means
    assert bool(result.message) is (state == FAILED)


def test_what_was_said_on_the_way_counts_at_the_end(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    render.poll(far(order, WARNS, report="rep 4", resources="mem_peak_mb:7"))
    render.told(far(order, OVER))
    assert yard.block(number).tasks.flags[0] & TaskFlag.WARNING
    assert yard.job(number).report == "rep 4"
    result = booked(yard, order)
    assert result.resources == "mem_peak_mb:7"


def test_an_error_is_told_in_the_renders_own_words(yard: Farmyard, render: Afrender) -> None:
    _, order = begun(yard, render, errors_retries=0)
    render.poll(far(order, log="no licence"))
    render.told(far(order, ERROR))
    result = booked(yard, order)
    assert result.message == "no licence"


def test_a_success_that_came_too_soon_is_none(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render, task_min_run_time_s=60, errors_retries=0)
    yard.now += 2
    render.told(far(order, OVER))
    assert yard.states(number) == [FAILED]


def test_a_stale_number_changes_nothing(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    stale = replace(far(order).pos, number=order.number + 1)
    assert render.told(far(stale)).stops == (stale,)
    assert render.told(far(stale, OVER, data=b"lies")).closes == (stale,)
    assert yard.states(number) == [RUNNING]
    assert yard.log_of(order) == b""


def test_a_task_of_another_render_changes_nothing(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    other = Afrender(yard, name="r2")
    other.register()
    assert other.told(far(order, OVER)).closes
    assert yard.states(number) == [RUNNING]


# What it is told


def test_a_task_that_is_stopped_is_stopped_until_it_is_dead(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    yard.do(c.PauseJob(job_id=JobId(number - 1), paused=True))
    yard.do(c.ChangeTasks(job_id=JobId(number - 1), op=TaskOp.STOP))
    pos = far(order).pos
    assert render.told(far(order)).stops == (pos,)
    assert render.told(far(order)).stops == (pos,)
    assert render.told(far(order, KILLED)).closes == (pos,)
    assert render.poll() == render.id
    assert yard.states(number) == [READY]
    assert yard.block(number).tasks.errors[0] == 0


def test_a_task_that_was_not_handed_over_is_kept_back(yard: Farmyard, render: Afrender) -> None:
    number = yard.submit(job(block("1")))
    yard.do(c.PauseJob(job_id=JobId(number - 1), paused=True))
    yard.do(c.ChangeTasks(job_id=JobId(number - 1), op=TaskOp.STOP))
    assert render.poll() == render.id


def test_an_ejected_task_is_stopped(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    yard.do(c.PauseJob(job_id=JobId(number - 1), paused=True))
    yard.do(c.EjectWorker(worker_id=WorkerId(1)))
    assert render.told().stops == (far(order).pos,)


def test_a_render_that_is_nimby_gets_nothing(yard: Farmyard, render: Afrender) -> None:
    yard.do(c.EditWorker(worker_id=WorkerId(1), changes={"nimby": "nobody"}))
    yard.submit(job(block("1")))
    assert render.poll() == render.id
    yard.do(c.EditWorker(worker_id=WorkerId(1), changes={"nimby": "free"}))
    assert len(render.told().tasks) == 1


def test_a_render_that_is_to_sleep_is_told_what_its_service_needs(
    yard: Farmyard, render: Afrender
) -> None:
    yard.do(c.InstructWorker(worker_id=WorkerId(1), what="sleep"))
    told = render.told()
    said = msgspec.json.decode(told.command)
    assert (told.instruction, said["name"]) == ("sleep", "r1")
    assert said["address"]["ip"] == "10.0.0.7"
    macs = [item.mac for item in render.comes.netifs]
    assert [item["mac"] for item in said["netifs"]] == macs != []


@pytest.mark.parametrize("what", ["exit", "reboot", "shutdown"])
def test_instructions_are_passed_on(yard: Farmyard, render: Afrender, what: str) -> None:
    yard.do(c.InstructWorker(worker_id=WorkerId(1), what=what))  # type: ignore[arg-type] # each
    told = render.told()
    assert (told.instruction, told.command) == (what, "")


def test_an_instruction_that_no_afrender_knows_is_told_as_such(
    yard: Farmyard, render: Afrender
) -> None:
    yard.do(c.InstructWorker(worker_id=WorkerId(1), what="restart"))
    told = render.told()
    assert (told.instruction, "'restart'" in told.log) == ("", True)


@pytest.mark.parametrize(("leave", "what"), [(False, "launch"), (True, "launch_exit")])
def test_a_command_is_launched(yard: Farmyard, render: Afrender, leave: bool, what: str) -> None:
    command = c.LaunchCommand(worker_id=WorkerId(1), command=("touch", "a b"), exit=leave)
    yard.do(command)
    told = render.told()
    assert (told.instruction, told.command) == (what, "touch 'a b'")


def test_instructions_go_one_by_one(yard: Farmyard, render: Afrender) -> None:
    for what in ("reboot", "exit"):
        yard.do(c.InstructWorker(worker_id=WorkerId(1), what=what))
    assert [render.told().instruction for _ in range(2)] == ["reboot", "exit"]


def test_the_times_of_a_pool_are_told_when_it_comes_and_when_they_change(yard: Farmyard) -> None:
    edited(yard, heartbeat_s=2, resources_s=20, lease_s=90)
    node = Afrender(yard)
    told = node.register()
    assert (told.heartbeat_sec, told.resources_update_period, told.zombie_time) == (2, 10, 90)
    assert node.poll() == node.id
    edited(yard, heartbeat_s=3)
    told = node.told()
    assert (told.heartbeat_sec, told.resources_update_period, told.zombie_time) == (3, 6, KEEP)
    edited(yard, heartbeat_s=-1, resources_s=-1, lease_s=-1)
    told = node.told()
    times = (told.heartbeat_sec, told.resources_update_period, told.zombie_time)
    assert times == (AS_USUAL, AS_USUAL, AS_USUAL)
    assert node.poll() == node.id


def test_what_a_render_is_told_later_leaves_its_times_as_they_are(yard: Farmyard) -> None:
    edited(yard, heartbeat_s=2, lease_s=90)
    node = Afrender(yard)
    node.register()
    yard.submit(job(block("1")))
    told = node.told()
    assert told.tasks
    times = (told.heartbeat_sec, told.resources_update_period, told.zombie_time)
    assert (*times, told.exit_no_task_time) == (0, 0, 0, 0)
    assert KEEP == 0


def test_a_render_that_comes_forgets_the_times_of_another_life(yard: Farmyard) -> None:
    told = Afrender(yard).register()
    times = (told.heartbeat_sec, told.resources_update_period, told.zombie_time)
    assert (*times, told.exit_no_task_time) == (AS_USUAL,) * 4


def test_a_lease_of_the_pool_makes_a_zombie_later(yard: Farmyard) -> None:
    edited(yard, lease_s=100)
    Afrender(yard).register()
    yard.pass_time(100)
    assert yard.presence() is Presence.ONLINE
    yard.pass_time(1)
    assert yard.presence() is Presence.OFFLINE


# Output


def test_output_comes_in_pieces_and_is_not_doubled_at_the_end(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    for piece in (b"one\n", b"", b"two\n"):
        render.poll(far(order, listened=piece))
    assert yard.log_of(order) == b"one\ntwo\n"
    assert yard.grew == [
        (number - 1, order.number, 0, b"one\n"),
        (number - 1, order.number, 4, b"two\n"),
    ]
    render.told(far(order, OVER, data=b"one\ntwo\nthree\n"))
    assert yard.log_of(order) == b"one\ntwo\nthree\n"


def test_a_last_piece_counts_where_there_is_no_output_in_whole(
    yard: Farmyard, render: Afrender
) -> None:
    _, order = begun(yard, render)
    render.told(far(order, OVER, listened=b"bye\n"))
    assert yard.log_of(order) == b"bye\n"


def test_where_a_piece_was_lost_all_output_follows(yard: Farmyard, render: Afrender) -> None:
    _, order = begun(yard, render)
    render.poll(far(order, listened=b"two\n"))
    render.poll(outputs=(so_far(order, b"one\ntwo\n"),))
    log = yard.log_of(order)
    assert log.startswith(b"two\n\n[grange: a part was lost")
    assert log.endswith(b"]\none\ntwo\n")
    render.told(far(order, OVER, data=b"one\ntwo\nthree\n"))
    assert yard.log_of(order) == log + b"three\n"


def test_output_that_was_cut_in_its_middle_is_known_by_its_end(
    yard: Farmyard, render: Afrender
) -> None:
    _, order = begun(yard, render)
    text = b"".join(b"line %d\n" % number for number in range(10_000))
    render.poll(far(order, listened=text))
    render.told(far(order, OVER, data=text[:20_000] + b"\n[cut]\n" + text[-20_000:]))
    assert yard.log_of(order) == text


def test_output_for_which_there_was_no_room_comes_at_the_end(
    yard: Farmyard, render: Afrender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise LogNotKept("no space left on device")

    number, order = begun(yard, render)
    with monkeypatch.context() as disk:
        disk.setattr(yard.logs, "append", full)
        render.poll(far(order, listened=b"one\n"))
    assert (yard.log_of(order), yard.grew) == (b"", [])
    render.told(far(order, OVER, data=b"one\ntwo\n"))
    assert (yard.log_of(order), yard.states(number)) == (b"one\ntwo\n", [DONE])


def test_a_thumbnail_goes_into_the_album(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    files = (
        SentFile(name="/s/img.0001.exr.jpg", data=b"j"),
        SentFile(name="notes.txt", data=b"n"),
    )
    render.told(far(order, OVER, files=files))
    assert yard.shown == [(number - 1, order.number, "img.0001.exr", b"j")]  # what it shows


def test_a_thumbnail_of_a_task_that_runs_goes_into_the_album_at_once(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    files = (SentFile(name="img.0001.exr.jpg", data=b"j"),)
    render.poll(far(order, files=files))
    assert yard.shown == [(number - 1, order.number, "img.0001.exr", b"j")]


# Limits that a render does not know


def test_a_task_that_runs_for_too_long_is_ended(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render, task_max_run_time_s=10, errors_retries=0)
    yard.pass_time(10)
    assert yard.states(number) == [RUNNING]
    yard.pass_time(1)
    assert yard.states(number) == [FAILED]
    assert render.told().stops == (far(order).pos,)


def test_a_task_without_progress_is_ended(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render, task_progress_change_timeout_s=10, errors_retries=0)
    for changed in (True, False):
        yard.pass_time(9)
        render.poll(far(order, progress_changed=changed))
    yard.pass_time(2)
    assert yard.states(number) == [FAILED]


def test_a_task_that_its_render_never_tells_of_is_given_back(
    yard: Farmyard, render: Afrender
) -> None:
    """The answer that held it was lost: it never started, and that is nobody's fault."""
    number, order = begun(yard, render)
    for _ in range(13):
        yard.pass_time(10)
        render.poll()
    assert yard.states(number) == [RUNNING]
    again = [item for item in render.running.values() if item.number != order.number]
    assert len(again) == 1
    assert yard.block(number).tasks.errors[0] == 0


def test_frames_of_a_running_task_may_be_used_already(yard: Farmyard, render: Afrender) -> None:
    first = block("1-4", name="a", frames_per_task=4, depend_sub_task=True, capacity=100)
    second = block("1-4", name="b", tasks_depend_mask="a", capacity=100)
    number = yard.submit(job(first, second))
    order = render.given()
    render.poll(far(order, frame=2, progress_changed=True))
    assert yard.states(number, 1).count(RUNNING) == 2


def test_renders_that_help_a_task_run_what_serves_it(yard: Farmyard) -> None:
    nodes = [Afrender(yard, name=name) for name in ("r1", "r2")]
    for node in nodes:
        node.register()
    number = yard.submit(
        job(block("1", command="render", multihost_min=1, multihost_service="serve -x"))
    )
    orders = [node.given() for node in nodes]
    (main,) = (order for order in orders if order.command_block == "render")
    (helper,) = (order for order in orders if order.command_block == "serve -x")
    assert len(main.multihost_names) == 1
    assert (main.job_id, main.task_num) == (helper.job_id, helper.task_num)
    first = nodes[orders.index(main)]
    assert first.told(far(main, OVER)).closes
    assert nodes[orders.index(helper)].told(far(helper)).stops == (far(helper).pos,)
    assert yard.states(number) == [DONE]


def test_a_task_that_waits_for_its_helpers_is_handed_over_later(yard: Farmyard) -> None:
    nodes = [Afrender(yard, name=name) for name in ("r1", "r2")]
    for node in nodes:
        node.register()
    fields = {"multihost_service": "serve", "multihost_service_wait_s": 7}
    yard.submit(job(block("1", command="render", multihost_min=1, **fields)))
    told = [node.poll() for node in nodes]
    waits = nodes[told.index(told[0] if isinstance(told[0], int) else told[1])]
    yard.pass_time(6)
    assert waits.poll() == waits.id
    yard.pass_time(1)
    assert waits.given().command_block == "render"


# The server restarts


def test_a_render_keeps_its_tasks_over_a_restart(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    yard.restart()
    assert yard.presence() is Presence.MISSING
    assert render.poll(far(order)) == UNKNOWN
    told = render.register()
    assert (told.id, told.stops, told.tasks) == (1, (), ())
    assert told.outputs == (far(order).pos,)
    assert (yard.presence(), yard.states(number)) == (Presence.ONLINE, [RUNNING])
    render.told(far(order, OVER))
    assert yard.states(number) == [DONE]


def test_what_ended_meanwhile_counts_when_it_is_told(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    yard.restart()
    assert render.poll(far(order, OVER, data=b"all")) == UNKNOWN
    render.register()
    assert render.told(far(order, OVER, data=b"all")).closes == (far(order).pos,)
    assert (yard.states(number), yard.log_of(order)) == ([DONE], b"all")


def test_a_task_that_no_render_has_after_a_restart_is_given_anew(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    yard.restart()
    render.running.clear()
    told = render.register()
    assert [item.number for item in told.tasks] == [order.number + 1]
    assert yard.states(number) == [RUNNING]


def test_a_render_that_registers_twice_has_what_it_had(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    told = render.register()
    assert (told.id, told.tasks, told.stops) == (1, (), ())
    assert yard.runs() == [order.number]
    assert yard.states(number) == [RUNNING]


def test_what_was_not_handed_over_is_given_to_a_render_that_registers_again(
    yard: Farmyard, render: Afrender
) -> None:
    number = yard.submit(job(block("1")))
    (first,) = yard.runs()
    (order,) = render.register().tasks
    assert [order.number] == yard.runs() != [first]
    assert render.poll(far(order)) == render.id
    assert yard.states(number) == [RUNNING]


def test_tasks_of_a_farm_that_is_gone_are_stopped(yard: Farmyard, tmp_path: Path) -> None:
    node = Afrender(yard)
    node.register()
    begun(yard, node)
    had = tuple(node.running)
    (tmp_path / "other").mkdir()
    with farmyard(tmp_path / "other") as other:
        node._yard = other
        assert node.register().stops == had


def test_a_run_has_one_number_however_far_the_farm_has_counted(yard: Farmyard) -> None:
    yard.farm.state.last_ids["run"] = 2**31 + 5
    node = Afrender(yard)
    node.register()
    number, order = begun(yard, node)
    assert order.number == number_of(yard.farm.state.runs[yard.runs()[0]]) == 6
    node.told(far(order, OVER))
    assert yard.states(number) == [DONE]
