"""Rules for memory: more than was asked for is told, more than is allowed ends the run."""

from __future__ import annotations

import pytest

from grange.model.ids import RunId
from grange.model.run import Meter, RunResult, RunSpec
from grange.model.states import RunStatus
from grange.wire.worker import Beat
from grange.worker.effects import Kill
from grange.worker.inputs import Exited, Judged, Measured, Used
from tests.worker.build import Table, a_run, sent

ONE = RunId(1)
OVER = "used 5,210 MB of memory, asked for 4,000 MB"


def needy(most: int = 0) -> RunSpec:
    return a_run(need_memory_mb=4_000, memory_max_mb=most)


def uses(table: Table, memory_mb: int) -> None:
    table.tell(Measured((Used(ONE, cpu_s=1.0, memory_mb=memory_mb),)))


def ended(
    table: Table, peak_mb: int = 0, *, message: str = "", note: str = "", code: int = 0
) -> RunResult:
    meter = Meter(peak_memory_mb=peak_mb)
    table.tell(Exited(run_id=ONE, exit_code=code, meter=meter, note=note))
    status = RunStatus.FAILED if code else RunStatus.DONE
    table.tell(Judged(run_id=ONE, status=status, message=message))
    return table.result().result


def test_a_run_that_used_more_than_it_asked_for_is_done_and_says_so() -> None:
    table = Table()
    table.start(needy())
    result = ended(table, 5_210)
    assert (result.status, result.warning, result.message) == (RunStatus.DONE, True, OVER)


def test_what_was_measured_while_it_ran_counts_too() -> None:
    table = Table()
    table.start(needy())
    uses(table, 5_210)
    assert ended(table, 100).message == OVER


def test_a_failure_is_told_before_the_memory_it_used() -> None:
    table = Table()
    table.start(needy())
    result = ended(table, 5_210, message="exit status 3", code=3, note="a process was left")
    assert result.message == f"exit status 3; a process was left; {OVER}"


@pytest.mark.parametrize(("need", "peak"), [(4_000, 4_000), (-1, 90_000)])
def test_a_run_that_used_what_it_asked_for_or_did_not_ask_is_told_nothing(
    need: int, peak: int
) -> None:
    table = Table()
    table.start(a_run(need_memory_mb=need))
    result = ended(table, peak)
    assert (result.warning, result.message) == (False, "")


def test_a_run_that_uses_more_than_it_may_is_killed_at_once_and_told_why() -> None:
    table = Table()
    table.start(needy(most=4_800))
    uses(table, 4_800)
    assert table.take(Kill) == []
    uses(table, 4_801)
    assert table.take(Kill) == [Kill(ONE, hard=True)]
    uses(table, 5_000)
    assert table.take(Kill) == []
    table.tell(Exited(run_id=ONE, signal=9, meter=Meter(peak_memory_mb=5_000)))
    table.tell(Judged(run_id=ONE, status=RunStatus.FAILED))
    result = table.result().result
    assert result.status is RunStatus.OUT_OF_MEMORY
    assert result.message == (
        "ended for its memory: it used 4,801 MB, may use 4,800 MB and asked for 4,000 MB"
    )


def test_a_run_that_is_stopped_already_is_not_killed_for_its_memory() -> None:
    table = Table()
    table.start(needy(most=4_800))
    table.stop()
    uses(table, 9_000)
    assert table.take(Kill) == []


@pytest.mark.parametrize(
    ("most", "message"),
    [
        (0, "the system killed it: memory is used up"),
        (
            4_800,
            "the system killed it: it reached the 4,800 MB of memory that it may use, and asked"
            " for 4,000 MB",
        ),
    ],
)
def test_a_kill_by_the_system_says_what_the_run_might_use(most: int, message: str) -> None:
    table = Table()
    table.start(needy(most))
    table.tell(Exited(run_id=ONE, signal=9, out_of_memory=True, meter=Meter(peak_memory_mb=5_000)))
    table.tell(Judged(run_id=ONE, status=RunStatus.FAILED))
    result = table.result().result
    assert (result.status, result.message) == (RunStatus.OUT_OF_MEMORY, message)


def test_what_a_run_moves_and_holds_on_gpus_becomes_progress() -> None:
    table = Table()
    table.start()
    used = Used(ONE, cpu_s=1.0, memory_mb=5, gpu_memory_mb=6, read_mb=7, written_mb=8)
    table.tell(Measured((used,)))
    told = sent(table.wait(2), Beat)[-1].progress[0]
    assert (told.memory_mb, told.gpu_memory_mb, told.read_mb, told.written_mb) == (5, 6, 7, 8)
    assert ended(table).meter.gpu_memory_mb == 6
