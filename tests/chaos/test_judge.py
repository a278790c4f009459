"""The judge finds each promise broken where it is, and nothing where all is well."""

from __future__ import annotations

from chaos import history as h
from tests.chaos.histories import (
    BEGUN,
    DONE,
    ENDED,
    FAILED,
    HOME,
    READY,
    RUNNING,
    at,
    ends,
    found,
    good,
    ran,
    recorded,
    shown,
    submitted,
    verdict,
)


def test_a_good_history_breaks_nothing() -> None:
    assert found(good()) == []


def test_an_empty_history_breaks_nothing() -> None:
    assert found([]) == []


def test_what_a_scenario_found_itself_counts() -> None:
    assert verdict(good(), h.Finding(promise="P8", text="it crashed")) == {"P8"}


# --- P1


def test_an_acknowledged_job_that_is_not_there_is_lost() -> None:
    assert verdict(submitted(), h.Listed(at=at(9), jobs=())) == {"P1"}


def test_a_job_that_nobody_acknowledged_need_not_be_there() -> None:
    sent = h.Submitting(at=at(1), token="job-1", tasks=(1,))
    unanswered = h.Unanswered(at=at(2), token="job-1")
    assert verdict(sent, unanswered, h.Listed(at=at(9), jobs=())) == set()


def test_one_token_gives_one_job() -> None:
    again = h.Acked(at=at(0.3), token="job-1", job=2)
    jobs = ((1, "job-1", "done"), (2, "job-1", "done"))
    assert verdict(submitted(), again, h.Listed(at=at(9), jobs=jobs)) == {"P1"}


def test_a_job_taken_twice_is_seen_though_one_answer_was_lost() -> None:
    jobs = ((1, "job-1", "done"), (2, "job-1", "done"))
    assert verdict(submitted(), h.Listed(at=at(9), jobs=jobs)) == {"P1"}


def test_what_was_acknowledged_after_the_restored_backup_may_be_lost() -> None:
    restored = h.Restored(at=at(5), to=at(0))
    assert verdict(submitted(), restored, h.Listed(at=at(9), jobs=())) == set()
    before = h.Restored(at=at(5), to=at(0.5))
    assert verdict(submitted(), before, h.Listed(at=at(9), jobs=())) == {"P1"}


# --- P2


def test_a_task_that_was_done_and_begins_again_was_forgotten() -> None:
    again = ran(5, 6, run=2)
    runs = [recorded(1), recorded(2, "lost")]
    assert verdict(submitted(), ran(1, 2), shown(3, 0), again, ends(DONE), runs) == {"P2"}


def test_a_task_may_begin_again_where_somebody_asked() -> None:
    asked = h.Restarting(at=at(4), job=1)
    again = ran(5, 6, run=2)
    runs = [recorded(1), recorded(2)]
    parts = (submitted(), ran(1, 2), shown(3, 0), asked, again, ends(DONE), runs)
    assert verdict(*parts) == set()


def test_a_task_that_is_no_longer_done_was_forgotten() -> None:
    undone = h.Shown(at=at(5), job=1, block=0, undone=(0,))
    assert verdict(good(), undone) == {"P2"}


def test_a_task_counted_by_two_runs_was_counted_twice() -> None:
    assert verdict(good(), recorded(2)) == {"P2"}


def test_a_task_that_was_tried_twice_and_done_once_is_well() -> None:
    lost = ran(0.5, 0.8, run=9, ended=False)
    assert verdict(good(), lost, recorded(9, "lost")) == set()


def test_a_done_task_without_a_good_run_is_made_up() -> None:
    assert verdict(submitted(), ran(1, 2), ends(DONE), recorded(1, "lost")) == {"P2"}


def test_a_run_recorded_as_done_whose_process_was_killed_is_made_up() -> None:
    assert verdict(submitted(), ran(1, 2, ended=False), ends(DONE), recorded()) == {"P2"}


def test_a_log_that_is_not_whole_is_seen() -> None:
    parts = (submitted(), ran(1, 2), ends(DONE))
    assert verdict(*parts, recorded(log=BEGUN)) == {"P2"}
    assert verdict(*parts, recorded(log=BEGUN + BEGUN + ENDED)) == {"P2"}


def test_a_result_that_its_worker_no_longer_knows_was_lost() -> None:
    home = h.Home(at=at(0), worker="w1", home=HOME)
    lost = recorded(1, "lost", message="the worker does not have it")
    parts = (submitted(), home, ran(1, 2), ran(3, 4, run=2), ends(DONE), lost, recorded(2))
    assert verdict(*parts) == {"P2"}
    killed = h.Did(at=at(2.5), what="killed", to="machine:w1")
    assert verdict(*parts, killed) == set(), "then it may not have been able to keep it"
    later = h.Did(at=at(30), what="killed", to="machine:w1")
    assert verdict(*parts, later) == {"P2"}


# --- P3 and P4


def test_two_processes_of_a_task_at_once_on_one_worker_break_p3() -> None:
    assert verdict(ran(1, 3), ran(2, 4, run=2)) == {"P3"}


def test_two_processes_of_a_task_at_once_on_two_workers_break_p4() -> None:
    assert verdict(ran(1, 3), ran(2, 4, run=2, home="home2")) == {"P4"}


def test_one_after_the_other_is_well() -> None:
    assert verdict(ran(1, 3), ran(3.1, 4, run=2, home="home2")) == set()


def test_two_tasks_may_run_at_once() -> None:
    assert verdict(ran(1, 3), ran(2, 4, run=2, task=1)) == set()


def test_a_run_executed_twice_breaks_p3() -> None:
    second = h.Begun(at=at(5), run=1, job=1, block=0, task=0, pid=7, home=HOME)
    assert verdict(ran(1, 3), second) == {"P3"}


def test_a_farm_that_was_put_back_may_use_a_number_again_on_another_worker() -> None:
    """A worker's report counts for its own runs alone, and each is given only higher numbers."""
    restored = h.Restored(at=at(2), to=at(0.5))
    other = h.Begun(at=at(5), run=1, job=1, block=0, task=7, pid=7, home="home2")
    same = h.Begun(at=at(5), run=1, job=1, block=0, task=7, pid=7, home=HOME)
    assert verdict(ran(1, 3), restored, other) == set()
    assert verdict(ran(1, 3), restored, same) == {"P3"}


def test_a_process_that_finds_the_lock_taken_tells_of_another() -> None:
    """A child may have held it after its parent was gone."""
    assert verdict(ran(1, 2), ran(3, 4, run=2, overlaps=True)) == {"P3"}
    assert verdict(ran(1, 2), ran(3, 4, run=2, home="home2", overlaps=True)) == {"P4"}


def test_a_process_seen_in_a_census_lived_until_then() -> None:
    """It never said that it ended, and nobody saw it end."""
    begun = h.Begun(at=at(1), run=1, job=1, block=0, task=0, pid=7, home=HOME)
    census = h.Census(at=at(4), left=((7, 1, HOME),))
    assert verdict(begun, census, ran(3, 5, run=2, home="home2")) == {"P4"}


def test_a_farm_that_was_put_back_may_start_what_still_runs() -> None:
    restored = h.Restored(at=at(2), to=at(0.5))
    assert verdict(ran(1, 3), restored, ran(2.5, 4, run=2, home="home2")) == set()


# --- P5


def test_a_task_that_is_ready_in_the_end_was_forgotten() -> None:
    assert verdict(submitted(), ends(READY)) == {"P5"}
    assert verdict(submitted(), ends(RUNNING)) == {"P5"}


def test_a_task_that_failed_is_not_done() -> None:
    assert verdict(submitted(), ends(FAILED)) == {"P5"}
    assert verdict(submitted(expects="any"), ends(FAILED)) == set()
    assert verdict(submitted(expects="any"), ends(READY)) == {"P5"}


def test_a_job_that_is_to_be_deleted_may_be_in_any_state_or_gone() -> None:
    assert verdict(submitted(expects="gone"), ends(READY)) == set()
    assert verdict(submitted(expects="gone"), h.Listed(at=at(9), jobs=())) == set()


def looks(begin: int, end: int, *, ready: int, idle: int) -> list[h.Entry]:
    return [
        h.Looked(at=at(second), ready=ready, idle=idle, online=2, left=9)
        for second in range(begin, end)
    ]


def test_a_worker_idle_beside_a_ready_task_breaks_p5_once() -> None:
    assert [one.promise for one in found(looks(0, 20, ready=1, idle=1))] == ["P5"]


def test_a_short_wait_or_one_that_nobody_saw_breaks_nothing() -> None:
    assert verdict(looks(0, 5, ready=1, idle=1)) == set()
    assert verdict(looks(0, 20, ready=0, idle=1), looks(20, 40, ready=1, idle=0)) == set()
    assert verdict(looks(0, 5, ready=1, idle=1), looks(20, 25, ready=1, idle=1)) == set()


# --- P6


def test_more_runs_at_once_than_a_limit_allows_break_p6() -> None:
    limit = h.Limit(at=at(0.5), name="one job", most=1, tokens=("job-1",))
    parts = (submitted(), limit, ran(1, 3), recorded())
    assert verdict(*parts, ran(2, 4, run=2, task=1)) == {"P6"}
    assert verdict(*parts, ran(3.5, 4, run=2, task=1)) == set()
    assert verdict(*parts, ran(2, 4, run=2, job=2)) == set(), "of another job"


def test_a_limit_of_a_worker_counts_what_runs_there() -> None:
    limit = h.Limit(at=at(0.5), name="slots of w1", most=1, homes=(HOME,))
    assert verdict(limit, ran(1, 3), ran(2, 4, run=2, task=1)) == {"P6"}
    assert verdict(limit, ran(1, 3), ran(2, 4, run=2, task=1, home="home2")) == set()


# --- P7


def test_a_process_that_outlives_its_run_breaks_p7() -> None:
    def census(second: float) -> h.Census:
        return h.Census(at=at(second), left=((77, 1, HOME),))

    assert verdict(ran(1, 2), census(3)) == set(), "it is being ended"
    assert verdict(ran(1, 2), census(20)) == {"P7"}
    assert verdict(ran(1, 30), census(20)) == set(), "the run is not over"


def test_time_in_which_nobody_could_act_does_not_count() -> None:
    census = h.Census(at=at(20), left=((77, 1, HOME),))
    blind: list[h.Entry] = [h.Unwatched(at=at(2), home=HOME), h.Watched(at=at(18), home=HOME)]
    assert verdict(ran(1, 2), blind, census) == set()
    assert verdict(ran(1, 2), blind[:1], census) == set()
    late = h.Census(at=at(30), left=((77, 1, HOME),))
    assert verdict(ran(1, 2), blind, late) == {"P7"}


def test_a_process_that_outlives_its_worker_breaks_p7() -> None:
    home = h.Home(at=at(0), worker="w1", home=HOME)
    killed = h.Did(at=at(3), what="killed", to="worker:w1")
    census = h.Census(at=at(15), left=((1_001, 1, HOME),))
    begun = h.Begun(at=at(1), run=1, job=1, block=0, task=0, pid=1_001, home=HOME)
    assert verdict(home, begun, killed, census) == {"P7"}
    assert verdict(home, begun, census) == set(), "it may run"


def test_what_is_left_when_all_is_over_breaks_p7() -> None:
    left = h.Census(at=at(50), left=((77, 5, HOME),), final=True)
    assert verdict(good(), left) == {"P7"}
    assert verdict(good(), h.Census(at=at(50), final=True, others=(4,))) == {"P7"}


# --- P8


def test_a_server_that_should_be_there_and_is_silent_breaks_p8() -> None:
    up = h.Did(at=at(1), what="up", to="server")
    assert verdict(up, h.Probe(at=at(9), took_s=0.1, error="refused")) == {"P8"}
    assert verdict(up, h.Probe(at=at(19), took_s=9.0)) == {"P8"}
    assert verdict(up, h.Probe(at=at(9), took_s=0.1)) == set()


def test_a_server_that_is_killed_or_paused_need_not_answer() -> None:
    up = h.Did(at=at(1), what="up", to="server")
    killed = h.Did(at=at(5), what="killed", to="server")
    again = h.Did(at=at(7), what="up", to="server")
    silent = h.Probe(at=at(6), took_s=0.1, error="refused")
    assert verdict(up, killed, silent, again) == set()
    assert verdict(up, killed, again, h.Probe(at=at(8), took_s=0.1, error="no")) == {"P8"}
    slow = h.Probe(at=at(7.5), took_s=5.0)
    assert verdict(up, killed, again, slow) == set(), "it was asked while it was away"
    assert verdict(h.Probe(at=at(0.5), took_s=0.1, error="not yet")) == set()


def test_a_bystander_that_had_to_be_run_again_was_harmed() -> None:
    parts = (submitted(expects="unharmed"), ran(1, 2), ran(5, 6, run=2), ends(DONE))
    assert verdict(*parts, recorded(1, "lost"), recorded(2)) == {"P8"}
    assert verdict(submitted(expects="unharmed"), ran(1, 2), ends(DONE), recorded()) == set()


def test_a_start_that_never_left_the_server_harms_no_bystander() -> None:
    parts = (submitted(expects="unharmed"), ran(5, 6, run=2), ends(DONE))
    assert verdict(*parts, recorded(1, "lost"), recorded(2)) == set()
