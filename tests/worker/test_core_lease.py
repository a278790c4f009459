"""The lease: what a worker does when it cannot reach its server."""

from __future__ import annotations

import pytest

from grange.model.ids import RunId
from grange.model.run import Resources
from grange.model.states import RunStatus
from grange.wire.worker import Beat, BeatAck, Ended, Start
from grange.worker.core import DEAF_MAX_S
from grange.worker.effects import Hold, Kill, Load, Reconnect, Sample
from grange.worker.inputs import Linked, Sampled
from tests.worker.build import HEARTBEAT_S, LEASE_S, Table, a_run, a_welcome, sent


def test_the_lease_runs_from_the_time_the_hello_was_sent() -> None:
    table = Table(linked=False)
    table.tell(Linked(a_welcome(), table.now - 4))
    assert table.take(Hold) == [Hold(table.now - 4 + LEASE_S)]


def test_the_lease_runs_from_the_time_the_acknowledged_beat_was_sent() -> None:
    table = Table()
    beat = sent(table.wait_unanswered(HEARTBEAT_S), Beat)[0]
    beaten = table.now
    table.wait_unanswered(1.5)
    table.tell(BeatAck(number=beat.number, lease_s=50.0))
    assert table.take(Hold) == [Hold(beaten + 50)]


def test_an_older_beat_acknowledged_after_a_newer_one_does_not_shorten_the_lease() -> None:
    table = Table()
    first, second = (sent(table.wait_unanswered(HEARTBEAT_S), Beat)[0] for _ in range(2))
    table.tell(BeatAck(number=second.number, lease_s=LEASE_S))
    assert table.tell(BeatAck(number=first.number, lease_s=LEASE_S)) == []


def test_the_acknowledgement_of_a_beat_that_was_never_sent_is_ignored() -> None:
    assert Table().tell(BeatAck(number=99, lease_s=1_000.0)) == []


def test_runs_go_on_without_a_link_until_the_lease_ends_then_die_at_once() -> None:
    table = Table()
    table.start()
    table.unlink()
    assert table.wait(LEASE_S - 0.1) == []
    table.wait(0.2)
    assert table.take(Kill) == [Kill(RunId(1), hard=True)]


def test_a_run_that_the_lease_ended_is_reported_as_such_when_the_server_is_back() -> None:
    table = Table()
    table.start()
    table.unlink()
    table.wait(LEASE_S + 1)
    table.die(signal=9)
    assert table.core.ended() == (1,)
    table.link()
    assert table.result().result.status is RunStatus.LEASE_ENDED


def test_a_run_that_was_already_asked_to_end_is_forced_when_the_lease_ends() -> None:
    table = Table()
    table.start()
    table.stop()
    table.unlink()
    table.wait(LEASE_S + 1)
    table.die(signal=9)
    table.link()
    assert table.result().result.status is RunStatus.STOPPED


def test_a_start_after_the_lease_has_ended_is_not_executed() -> None:
    table = Table()
    table.wait_unanswered(LEASE_S + 1)
    effects = table.tell(Start(run=a_run()))
    assert not [effect for effect in effects if isinstance(effect, Load)]
    assert sent(effects, Ended)[0].result.status is RunStatus.LEASE_ENDED


def test_what_is_due_happens_before_a_late_input() -> None:
    table = Table()
    table.start()
    table.unlink()
    table.now += 2 * LEASE_S  # stopped for so long, no tick
    table.die(signal=9)
    table.link()
    assert table.result().result.status is RunStatus.LEASE_ENDED


def test_a_long_lease_for_a_planned_restart_is_kept() -> None:
    table = Table()
    beat = sent(table.wait_unanswered(HEARTBEAT_S), Beat)[0]
    table.tell(BeatAck(number=beat.number, lease_s=600.0))
    table.start()
    table.unlink()
    table.wait(590)
    assert table.take(Kill) == []


def test_a_connection_that_does_not_answer_is_dropped_before_the_lease_ends() -> None:
    table = Table()
    effects = table.wait_unanswered(LEASE_S * 0.8)
    assert [type(effect) for effect in effects].count(Reconnect) == 1


def test_a_connection_that_does_not_answer_is_dropped_soon_even_with_a_long_lease() -> None:
    table = Table(linked=False)
    table.link(lease_s=3_600.0)
    effects = table.wait_unanswered(DEAF_MAX_S + 3 * HEARTBEAT_S)
    assert [type(effect) for effect in effects].count(Reconnect) == 1


def test_a_worker_beats_and_samples_as_often_as_it_is_told() -> None:
    table = Table()
    beat = sent(table.wait_unanswered(HEARTBEAT_S), Beat)[0]
    table.tell(BeatAck(number=beat.number, lease_s=LEASE_S, heartbeat_s=0.5, resources_s=4.0))
    effects = table.wait(4.0)
    assert (len(sent(effects, Beat)), len([e for e in effects if isinstance(e, Sample)])) == (8, 1)


def test_an_answer_without_times_leaves_them_as_they_are() -> None:
    table = Table()
    beat = sent(table.wait_unanswered(HEARTBEAT_S), Beat)[0]
    table.tell(BeatAck(number=beat.number, lease_s=LEASE_S))
    assert len(sent(table.wait(2 * HEARTBEAT_S), Beat)) == 2


def test_beats_begin_anew_after_a_reconnection() -> None:
    table = Table()
    table.wait_unanswered(LEASE_S * 0.8)
    table.unlink()
    table.link()
    assert len(sent(table.wait(HEARTBEAT_S), Beat)) == 1


def test_without_a_link_there_are_no_beats() -> None:
    table = Table()
    table.unlink()
    assert sent(table.wait(10), Beat) == []


@pytest.mark.proves("render.resources.periodic")
def test_the_machine_is_sampled_at_once_and_then_at_its_own_pace() -> None:
    table = Table(linked=False)
    assert Sample() in table.link()
    assert table.wait(9).count(Sample()) == 0
    assert table.wait(2).count(Sample()) == 1


def test_a_sample_goes_out_with_one_beat() -> None:
    table = Table()
    table.tell(Sampled(Resources(cpu_user=7)))
    beats = sent(table.wait(2 * HEARTBEAT_S), Beat)
    assert [beat.resources for beat in beats] == [Resources(cpu_user=7), None]
