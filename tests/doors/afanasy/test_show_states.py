"""Our states as Afanasy's bits and words (specification 4)."""

from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.doors.afanasy.show import states
from grange.model.states import RunStatus, TaskFlag, TaskState
from tests.build import block, job, named
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.stand import Stand

WAITING, READY, RUNNING, DONE, FAILED, SKIPPED, SUSPENDED = TaskState

ENDED = [
    (DONE, 0, " DON", 16),
    (DONE, TaskFlag.WARNING, " DON WRN", 1040),
    (DONE, TaskFlag.PARSER_SUCCESS, " DON PSC", 8208),
    (DONE, TaskFlag.FAILED_POST, " DON", 16 | 1 << 14),
    (SKIPPED, 0, " DON SKP", 272),
    (FAILED, 0, " ERR", 32),
    (FAILED, TaskFlag.PARSER_ERROR, " ERR PER", 2080),
    (FAILED, TaskFlag.BAD_RESULT, " ERR PBR", 4128),
    (FAILED, TaskFlag.BAD_FILES, " ERR", 32 | 1 << 15),
    (FAILED, TaskFlag.FATAL, " ERR", 32 | 1 << 21),
    (READY, 0, " RDY", 1),
    (READY, TaskFlag.RETRY, " RDY RER", 131_073),
    (READY, TaskFlag.RETRY | TaskFlag.PARSER_ERROR, " RDY RER", 131_073),
    (READY, TaskFlag.WARNING, " RDY", 1),
    (WAITING, 0, " WDP", 4),
    (SUSPENDED, 0, " SUS", 1_048_576),
]


@pytest.mark.parametrize(("state", "flags", "words", "bits"), ENDED, ids=range(len(ENDED)))
def test_a_task_that_does_not_run_has_these_bits(
    state: TaskState, flags: int, words: str, bits: int
) -> None:
    assert states.ended_bits(state, flags) == bits
    assert states.words(bits) == words


def test_words_come_in_the_order_of_the_original() -> None:
    every = sum(1 << bit for bit in range(22))
    order = " RDY RUN DON ERR SKP OFF WRN PER PBR PSC WDP WTM PPA RER WRC TRY SUS"
    assert states.words(every) == order


def progress(stand: Stand, number: int) -> list[str]:
    """The words of the tasks of a job's first block."""
    found = stand.get("jobs", ids=[number], mode="progress")["job_progress"]["progress"][0]
    return [task["state"] for task in found]


def words_of(stand: Stand, number: int) -> tuple[str, list[str]]:
    """The words of a job and of its blocks."""
    (shown,) = stand.get("jobs", ids=[number])["jobs"]
    return shown["state"], [item.get("state", "") for item in shown["blocks"]]


@proves("get jobs progress")
def test_a_running_task_may_warn_and_be_out_of_touch(stand: Stand) -> None:
    worker_id = stand.join()
    number = stand.submit(job(block("1-2")))
    (run,) = stand.started()
    assert progress(stand, number) == [" RUN", " RDY"]
    stand.progress(run, percent=40, warning=True)
    assert progress(stand, number) == [" RUN WRN", " RDY"]
    assert words_of(stand, number) == (" RDY RUN WRN", [" RDY RUN WRN"])
    stand.do(c.UnlinkWorker(worker_id=worker_id))
    assert progress(stand, number) == [" WRC", " RDY"]
    (shown,) = stand.get("jobs", ids=[number])["jobs"]
    assert shown["blocks"][0]["p_tasks_waitrec"] == 1
    assert shown["blocks"][0]["p_progressbar"] == "C" * 64 + "r" * 64


def test_a_failed_task_is_ready_again_and_then_it_is_an_error(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job(block("1", errors_retries=1)))
    (run,) = stand.started()
    stand.operate("jobs", number, "pause")
    stand.end(run, RunStatus.FAILED)
    assert progress(stand, number) == [" RDY RER"]
    assert words_of(stand, number) == (" RDY OFF", [" RDY"])
    stand.operate("jobs", number, "start")
    (run,) = stand.started()
    stand.end(run, RunStatus.PARSER_ERROR)
    assert progress(stand, number) == [" ERR PER"]
    assert words_of(stand, number) == (" ERR", [" ERR"])


def test_a_task_to_be_tried_next_says_so(stand: Stand) -> None:
    number = stand.submit(job(block("1-2")))
    stand.operate("jobs", number, "trynext", task_ids=[1], block_ids=[0])
    assert progress(stand, number) == [" RDY", " RDY TRY"]


def test_a_job_that_waits_is_not_ready(stand: Stand) -> None:
    first = stand.submit(job(block("1"), name="first"))
    second = stand.submit(job(block("1"), named("x", depend_mask="block"), depend_mask="first"))
    assert words_of(stand, second) == (" WDP", [" RDY", " WDP"])
    assert words_of(stand, first) == (" RDY", [" RDY"])
    stand.set("jobs", first, time_wait=int(stand.now + 60))
    assert words_of(stand, first) == (" WTM", [" RDY"])
    stand.operate("jobs", first, "skip", block_ids=[-1])
    assert words_of(stand, first) == (" DON SKP WTM", [" DON SKP"])


def test_tasks_that_wait_for_tasks_leave_their_block_without_a_word(stand: Stand) -> None:
    number = stand.submit(job(block("1", name="a"), block("1", tasks_depend_mask="a")))
    assert words_of(stand, number)[1] == [" RDY", ""]


def test_a_preview_that_awaits_approval_says_so(stand: Stand) -> None:
    number = stand.submit(job(block("1-4", sequential=10), preview_approval=True))
    stand.join()
    for _ in range(2):
        assert words_of(stand, number)[0] == " RDY RUN"
        (run,) = stand.started()
        stand.end(run)
    assert words_of(stand, number) == (" RDY PPA", [" RDY PPA"])


def test_suspended_tasks_are_shown_at_job_and_block(stand: Stand) -> None:
    number = stand.submit(job(block("1-2", suspend_new_tasks=True)))
    assert words_of(stand, number) == (" SUS", [" SUS"])


def test_a_render_that_is_gone_is_off(stand: Stand) -> None:
    worker_id = stand.join()
    stand.submit(job(block("1")))
    stand.do(c.UnlinkWorker(worker_id=worker_id))
    assert stand.get("renders")["renders"][0]["state"] == " OFF RUN"
    assert stand.get("pools")["pools"][0]["state"] == " RUN"
