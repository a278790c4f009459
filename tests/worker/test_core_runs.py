"""Runs: start, limits, stop, result."""

from __future__ import annotations

import pytest

from grange.model.ids import RunId
from grange.model.run import Meter
from grange.model.states import RunStatus
from grange.wire.worker import Beat, Ended, FramesDone, Start, Stop
from grange.worker.effects import Effect, Judge, Kill, Load, Measure, Spawn
from grange.worker.inputs import (
    Exited,
    Judged,
    Measured,
    NotStarted,
    Parsed,
    Started,
    Unprepared,
    Used,
)
from grange.worker.runs import ASK_S, JUDGE_MAX_S, LOAD_MAX_S
from tests.worker.build import Table, a_run, ready, sent

ONE = RunId(1)
JUDGE = Judge(ONE, exit_code=0, signal=None, stopped=False)


def kills(effects: list[Effect]) -> list[bool]:
    return [effect.hard for effect in effects if isinstance(effect, Kill)]


def test_a_run_is_loaded_spawned_judged_and_reported() -> None:
    table = Table()
    assert table.tell(Start(run=a_run())) == [Load(a_run())]
    assert isinstance(table.tell(ready(ONE))[0], Spawn)
    assert table.tell(Started(ONE, 5)) == []
    assert table.tell(Exited(run_id=ONE, exit_code=0, duration_s=2.5)) == [JUDGE]
    table.tell(Judged(run_id=ONE, status=RunStatus.DONE, report="fine"))
    result = table.result().result
    assert (result.status, result.exit_code, result.report) == (RunStatus.DONE, 0, "fine")
    assert result.duration_s == 2.5


def test_a_start_that_comes_twice_is_executed_once() -> None:
    table = Table()
    table.start()
    assert table.tell(Start(run=a_run())) == []


def test_a_start_of_a_run_that_is_over_and_acknowledged_is_not_executed_again() -> None:
    table = Table()
    table.start()
    table.finish()
    table.ack(1)
    effects = table.tell(Start(run=a_run()))
    assert not [effect for effect in effects if isinstance(effect, Load)]
    assert table.result().result.status is RunStatus.LOST


def test_a_start_of_a_run_whose_result_waits_is_not_executed_again() -> None:
    table = Table()
    table.start()
    table.finish()
    assert table.tell(Start(run=a_run())) == []


def test_a_stop_of_an_unknown_run_does_nothing_but_keep_it_from_being_started() -> None:
    table = Table()
    assert table.stop() == []
    table.tell(Start(run=a_run()))
    assert table.result().result.status is RunStatus.LOST


@pytest.mark.proves("render.parsers.error")
def test_a_stopped_run_is_asked_and_after_ten_seconds_forced() -> None:
    table = Table()
    table.start()
    assert table.stop() == [Kill(ONE, hard=False)]
    assert kills(table.wait(ASK_S - 0.1)) == []
    assert kills(table.wait(0.2)) == [True]


def test_a_stopped_run_is_reported_as_stopped_with_the_reason() -> None:
    table = Table()
    table.start()
    table.stop()
    table.die()
    result = table.result().result
    assert (result.status, result.message) == (RunStatus.STOPPED, "deleted")


def test_a_second_stop_changes_nothing() -> None:
    table = Table()
    table.start()
    table.stop()
    assert table.stop() == []


def test_a_run_that_is_stopped_while_its_service_loads_is_never_spawned() -> None:
    table = Table()
    table.tell(Start(run=a_run()))
    table.stop()
    assert table.result().result.status is RunStatus.STOPPED
    assert table.tell(ready(ONE)) == []


def test_a_run_waits_for_what_serves_it_before_it_is_spawned() -> None:
    table = Table()
    run = a_run(start_wait_s=5)
    table.tell(Start(run=run))
    assert [e for e in table.tell(ready(ONE)) if isinstance(e, Spawn)] == []
    assert [e for e in table.wait(4.9) if isinstance(e, Spawn)] == []
    (spawn,) = [e for e in table.wait(0.2) if isinstance(e, Spawn)]
    assert spawn.run == run
    assert [e for e in table.wait(9.0) if isinstance(e, Spawn)] == []
    table.tell(Started(ONE, 5))
    table.finish()
    assert table.result().result.status is RunStatus.DONE


def test_a_run_that_is_stopped_while_it_waits_is_never_spawned() -> None:
    table = Table()
    table.tell(Start(run=a_run(start_wait_s=5)), ready(ONE))
    table.stop()
    assert table.result().result.status is RunStatus.STOPPED
    assert [e for e in table.wait(9.0) if isinstance(e, Spawn)] == []


def test_a_lease_that_ends_while_a_run_waits_ends_the_run() -> None:
    table = Table()
    table.tell(Start(run=a_run(start_wait_s=900)), ready(ONE))
    table.wait_unanswered(200)
    assert table.result().result.status is RunStatus.LEASE_ENDED


def test_a_run_that_is_stopped_while_it_starts_is_killed() -> None:
    table = Table()
    table.tell(Start(run=a_run()), ready(ONE))
    assert table.stop() == [Kill(ONE, hard=False)]
    table.tell(Started(ONE, 5))
    table.die()
    assert table.result().result.status is RunStatus.STOPPED


def test_a_stop_after_the_process_has_ended_changes_nothing() -> None:
    table = Table()
    table.start()
    table.tell(Exited(run_id=ONE, exit_code=0))
    assert table.stop() == []
    table.tell(Judged(run_id=ONE, status=RunStatus.DONE))
    assert table.result().result.status is RunStatus.DONE


def test_a_service_that_cannot_be_loaded_is_a_failed_start() -> None:
    table = Table()
    table.tell(Start(run=a_run()))
    table.tell(Unprepared(ONE, "no such service"))
    result = table.result().result
    assert (result.status, result.message) == (RunStatus.START_FAILED, "no such service")


def test_a_program_that_cannot_be_started_is_a_failed_start() -> None:
    table = Table()
    table.tell(Start(run=a_run()), ready(ONE))
    table.tell(NotStarted(ONE, "no such program"))
    assert table.result().result.message == "no such program"


def test_a_service_that_finds_nothing_to_do_skips_the_run() -> None:
    table = Table()
    table.tell(Start(run=a_run()))
    table.tell(ready(ONE, skip="the files exist", log_bytes=0))
    result = table.result().result
    assert (result.status, result.message) == (RunStatus.SKIPPED, "the files exist")


def test_a_service_that_does_not_answer_is_a_failed_start() -> None:
    table = Table()
    table.tell(Start(run=a_run()))
    table.wait(LOAD_MAX_S + 1)
    assert table.result().result.status is RunStatus.START_FAILED
    assert table.tell(ready(ONE)) == []


def test_a_check_that_does_not_answer_is_reported_for_it() -> None:
    table = Table()
    table.start()
    table.tell(Exited(run_id=ONE, exit_code=0))
    table.wait(JUDGE_MAX_S + 1)
    assert table.result().result.status is RunStatus.BAD_FILES
    assert table.tell(Judged(run_id=ONE, status=RunStatus.DONE)) == []


def test_a_run_longer_than_it_may_is_ended_as_timed_out() -> None:
    table = Table()
    table.start(a_run(max_run_time_s=60))
    assert kills(table.wait(59)) == []
    assert kills(table.wait(2)) == [False]
    table.die()
    assert table.result().result.status is RunStatus.TIMED_OUT


def test_a_run_whose_progress_stands_still_is_ended() -> None:
    table = Table()
    table.start(a_run(progress_change_timeout_s=10))
    table.wait(9)
    table.tell(Parsed(run_id=ONE, percent=5, moved=True))
    assert kills(table.wait(9)) == []
    assert kills(table.wait(2)) == [False]
    table.die()
    assert table.result().result.status is RunStatus.NO_PROGRESS


def test_a_run_that_prints_without_progress_is_ended_too() -> None:
    table = Table()
    table.start(a_run(progress_change_timeout_s=10))
    table.wait(9)
    table.tell(Parsed(run_id=ONE, percent=5, moved=False))
    assert kills(table.wait(2)) == [False]


def test_a_success_sooner_than_possible_is_too_fast() -> None:
    table = Table()
    table.start(a_run(min_run_time_s=5))
    table.finish()
    assert table.result().result.status is RunStatus.TOO_FAST


def test_a_failure_sooner_than_possible_stays_a_failure() -> None:
    table = Table()
    table.start(a_run(min_run_time_s=5))
    table.finish(exit_code=3)
    assert table.result().result.status is RunStatus.FAILED


@pytest.mark.proves("render.parsers.error")
@pytest.mark.parametrize(
    "status", [RunStatus.PARSER_ERROR, RunStatus.FATAL, RunStatus.PARSER_SUCCESS]
)
def test_a_parser_can_end_a_run_with_its_own_status(status: RunStatus) -> None:
    table = Table()
    table.start()
    assert kills(table.tell(Parsed(run_id=ONE, stop=status, message="Error: x"))) == [False]
    table.die()
    assert table.result().result.status is status
    assert table.result().result.message == "Error: x"


def test_the_first_reason_to_end_a_run_stands() -> None:
    table = Table()
    table.start(a_run(max_run_time_s=60))
    table.wait(61)
    assert table.stop() == []
    table.die()
    assert table.result().result.status is RunStatus.TIMED_OUT


def test_a_signal_that_nobody_sent_is_a_killed_run() -> None:
    table = Table()
    table.start()
    table.die(signal=11)
    result = table.result().result
    assert result.status is RunStatus.KILLED
    assert result.message == "killed by signal 11 (SIGSEGV)"


def test_a_kill_for_memory_is_told_as_such() -> None:
    table = Table()
    table.start()
    table.tell(Exited(run_id=ONE, signal=9, out_of_memory=True))
    table.tell(Judged(run_id=ONE, status=RunStatus.FAILED))
    assert table.result().result.status is RunStatus.OUT_OF_MEMORY


def test_a_run_whose_warden_died_is_lost() -> None:
    table = Table()
    table.start()
    table.tell(Exited(run_id=ONE, lost="the warden died"))
    table.tell(Judged(run_id=ONE, status=RunStatus.FAILED))
    result = table.result().result
    assert (result.status, result.message) == (RunStatus.LOST, "the warden died")


def test_progress_goes_out_with_the_next_beat_and_only_when_it_changed() -> None:
    table = Table()
    table.start()
    table.tell(Parsed(run_id=ONE, percent=40, activity="tracing"))
    first, second = (sent(table.wait(2), Beat)[-1] for _ in range(2))
    assert [(p.percent, p.activity) for p in first.progress] == [(40, "tracing")]
    assert second.progress == ()


def test_a_run_says_which_process_it_is_while_it_runs_and_afterwards() -> None:
    table = Table()
    table.start()
    (beat,) = sent(table.wait(2), Beat)
    assert [item.pid for item in beat.progress] == [101]
    table.finish()
    assert table.result().result.pid == 101


def test_a_run_without_a_process_says_none() -> None:
    table = Table()
    table.tell(Start(run=a_run()), ready(ONE), NotStarted(ONE, "no such program"))
    assert table.result().result.pid == 0


def test_usage_is_asked_for_at_every_beat_and_becomes_progress_and_peak() -> None:
    table = Table()
    table.start()
    assert table.wait(2).count(Measure()) == 1
    table.tell(Measured((Used(ONE, cpu_s=3.0, memory_mb=700),)))
    progress = sent(table.wait(2), Beat)[-1].progress[0]
    assert (progress.memory_mb, progress.cpu_percent) == (700, 150.0)
    table.tell(Exited(run_id=ONE, exit_code=0, meter=Meter(cpu_s=9.0, peak_memory_mb=500)))
    table.tell(Judged(run_id=ONE, status=RunStatus.DONE))
    assert table.result().result.meter == Meter(cpu_s=9.0, peak_memory_mb=700)


def test_frames_are_told_only_where_others_wait_for_them() -> None:
    table = Table()
    table.start(a_run(1, report_frames=True))
    table.start(a_run(2))
    effects = table.tell(Parsed(run_id=ONE, frame=3), Parsed(run_id=RunId(2), frame=3))
    assert sent(effects, FramesDone) == [FramesDone(run_id=ONE, count=3)]
    assert sent(table.tell(Parsed(run_id=ONE, frame=3)), FramesDone) == []


def test_frames_are_told_again_on_a_new_connection() -> None:
    table = Table()
    table.start(a_run(1, report_frames=True))
    table.unlink()
    table.tell(Parsed(run_id=ONE, frame=3))
    assert sent(table.link(), FramesDone) == [FramesDone(run_id=ONE, count=3)]


def test_what_processes_left_behind_is_told_with_the_result() -> None:
    table = Table()
    table.start()
    table.tell(Exited(run_id=ONE, exit_code=0, note="process 7 is not ours"))
    table.tell(Judged(run_id=ONE, status=RunStatus.DONE))
    assert table.result().result.message == "process 7 is not ours"
    assert table.result().result.warning


def test_late_and_foreign_answers_change_nothing() -> None:
    table = Table()
    for item in (Started(ONE, 5), NotStarted(ONE, "x"), Unprepared(ONE, "x"), Parsed(run_id=ONE)):
        assert table.tell(item) == []
    late = (Exited(run_id=ONE), Judged(run_id=ONE, status=RunStatus.DONE), ready(ONE))
    assert [table.tell(item) for item in late] == [[], [], []]


def test_a_stop_of_one_run_leaves_the_others_alone() -> None:
    table = Table()
    table.start(a_run(1))
    table.start(a_run(2))
    table.tell(Stop(run_id=ONE, reason=""))
    assert [kill.run_id for kill in table.take(Kill)] == [ONE]
    assert sent(table.finish(RunId(2)), Ended)[0].result.status is RunStatus.DONE
