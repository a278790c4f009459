"""Logs and results: sent in order, kept until acknowledged, sent again."""

from __future__ import annotations

from grange.model.ids import RunId
from grange.model.run import RunResult
from grange.model.states import RunStatus
from grange.wire.worker import LOG_CHUNK_MAX, Ended, EndedAck, LogAck
from grange.worker.core import WorkerCore
from grange.worker.effects import Effect, Forget, Keep, SendLog
from grange.worker.inputs import Exited, Flushed, Judged, Linked, Logged, NotKept
from grange.worker.reports import AGAIN_S, FLUSH_S, KEEP_S, QUEUE_MAX, REFUSED_MAX_S, RESEND_S
from tests.worker.build import Table, a_run, a_welcome, sent

ONE, TWO = RunId(1), RunId(2)


def pieces(effects: list[Effect]) -> list[tuple[int, int]]:
    return [(e.offset, e.size) for e in effects if isinstance(e, SendLog)]


def test_a_short_piece_of_log_waits_for_more() -> None:
    table = Table()
    table.start()
    assert pieces(table.tell(Logged(ONE, 10))) == []
    assert pieces(table.tell(Logged(ONE, 30))) == []
    assert pieces(table.wait(FLUSH_S)) == [(0, 30)]


def test_a_full_chunk_of_log_goes_out_at_once() -> None:
    table = Table()
    table.start()
    assert pieces(table.tell(Logged(ONE, LOG_CHUNK_MAX + 5))) == [(0, LOG_CHUNK_MAX)]


def test_a_result_follows_all_of_its_log() -> None:
    table = Table()
    table.start(log_bytes=10)
    effects = table.finish()
    assert pieces(effects) == [(0, 10)]
    assert isinstance(effects[-2], SendLog)
    assert table.result().result.log_bytes == 10


def test_the_link_is_given_only_so_much_log_until_it_has_sent_some() -> None:
    table = Table()
    table.start()
    effects = table.tell(Logged(ONE, 3 * QUEUE_MAX))
    assert sum(size for _, size in pieces(effects)) == QUEUE_MAX
    effects = table.tell(Flushed(LOG_CHUNK_MAX))
    assert pieces(effects) == [(QUEUE_MAX, LOG_CHUNK_MAX)]


def test_a_result_waits_while_its_log_waits_for_the_link() -> None:
    table = Table()
    table.start(log_bytes=QUEUE_MAX + 7)
    assert sent(table.finish(), Ended) == []
    effects = table.tell(Flushed(QUEUE_MAX))
    assert pieces(effects) == [(QUEUE_MAX, 7)]
    assert len(sent(effects, Ended)) == 1


def test_logs_that_wait_for_the_link_take_turns() -> None:
    table = Table()
    table.start(a_run(1), log_bytes=2 * QUEUE_MAX)
    table.start(a_run(2), log_bytes=LOG_CHUNK_MAX)
    orders = [table.tell(Flushed(LOG_CHUNK_MAX)) for _ in range(2)]
    assert {e.run_id for part in orders for e in part if isinstance(e, SendLog)} == {ONE, TWO}


def test_after_a_reconnection_a_log_goes_on_where_the_server_has_it() -> None:
    table = Table()
    table.start(log_bytes=100)
    table.wait(1)
    table.unlink()
    table.link(offsets={1: 40})
    assert pieces(table.wait(1)) == [(40, 60)]


def test_after_a_reconnection_a_log_unknown_to_the_server_is_sent_whole() -> None:
    table = Table()
    table.start(log_bytes=100)
    table.wait(1)
    table.unlink()
    table.link()
    assert pieces(table.wait(1)) == [(0, 100)]


def test_a_server_that_claims_more_log_than_there_is_gets_the_result_all_the_same() -> None:
    table = Table()
    table.start(log_bytes=5)
    table.unlink()
    table.finish()
    assert len(sent(table.link(offsets={1: 500}), Ended)) == 1


def test_a_result_that_is_acknowledged_is_forgotten() -> None:
    table = Table()
    table.start()
    table.finish()
    assert table.ack(1) == [Forget(ONE, kept=False)]
    assert table.core.ended() == ()


def test_a_quick_acknowledgement_spares_the_disk() -> None:
    table = Table()
    table.start()
    table.finish()
    table.ack(1)
    assert table.wait(60).count(Keep(ONE, RunResult(status=RunStatus.DONE))) == 0


def test_a_result_that_is_not_acknowledged_soon_is_kept_on_disk() -> None:
    table = Table()
    table.start()
    table.finish()
    assert [type(effect) for effect in table.wait(KEEP_S)] == [Keep]


def test_a_result_that_the_disk_refused_is_tried_again() -> None:
    table = Table()
    table.start()
    table.finish()
    table.wait(KEEP_S)
    table.tell(NotKept(ONE), NotKept(TWO))
    assert [type(effect) for effect in table.wait(RESEND_S)].count(Keep) == 1


def test_without_a_link_a_result_is_kept_on_disk_at_once() -> None:
    table = Table()
    table.start()
    table.unlink()
    assert [type(effect) for effect in table.finish()][-1] is Keep


def test_when_the_link_breaks_what_is_not_acknowledged_is_kept_on_disk() -> None:
    table = Table()
    table.start()
    table.finish()
    assert [type(effect) for effect in table.unlink()] == [Keep]


def test_a_result_is_sent_again_on_a_living_link_and_on_a_new_one() -> None:
    table = Table()
    table.start()
    table.finish()
    assert len(sent(table.wait(3 * RESEND_S), Ended)) == 2
    table.unlink()
    assert len(sent(table.link(), Ended)) == 1


def test_the_acknowledgement_of_a_run_that_is_not_over_is_ignored() -> None:
    table = Table()
    table.start()
    assert table.tell(EndedAck(run_ids=(ONE, TWO))) == []
    assert len(sent(table.finish(), Ended)) == 1


def test_acknowledged_log_text_is_nothing_to_act_on() -> None:
    table = Table()
    table.start(log_bytes=10)
    assert table.tell(LogAck(run_id=ONE, offset=10)) == []


def again(table: Table, offset: int = 0) -> list[Effect]:
    """The server could not keep what comes after an offset."""
    return table.tell(LogAck(run_id=ONE, offset=offset, again=True))


def test_log_text_that_the_server_could_not_keep_is_sent_again_after_a_pause() -> None:
    table = Table()
    table.start()
    table.tell(Logged(ONE, LOG_CHUNK_MAX))
    assert pieces(again(table, 40)) == []
    table.tell(Logged(ONE, 2 * LOG_CHUNK_MAX))
    assert pieces(table.effects) == [], "not while the disk is given time"
    assert pieces(table.wait(AGAIN_S + FLUSH_S)) == [
        (40, LOG_CHUNK_MAX),
        (40 + LOG_CHUNK_MAX, LOG_CHUNK_MAX - 40),
    ]


def test_a_result_comes_again_after_the_log_that_was_not_kept() -> None:
    table = Table()
    table.start(log_bytes=10)
    table.finish()
    again(table)
    effects = table.wait(AGAIN_S)
    assert pieces(effects) == [(0, 10)]
    (ended,) = sent(effects, Ended)
    assert ended.whole
    assert ended.result.status is RunStatus.DONE


def test_a_result_does_not_wait_for_ever_for_a_server_that_cannot_keep_its_log() -> None:
    table = Table()
    table.start(log_bytes=10)
    table.finish()
    again(table)
    for _ in range(int(REFUSED_MAX_S / AGAIN_S)):
        assert all(ended.whole for ended in sent(table.wait(AGAIN_S), Ended))
        again(table)
    (ended,) = sent(table.effects, Ended)
    assert not ended.whole
    assert ended.result.status is RunStatus.DONE
    assert ended.result.warning
    assert "no room for the end of the log" in ended.result.message
    assert again(table) == [], "said once"


def test_a_piece_that_was_kept_begins_the_patience_anew() -> None:
    table = Table()
    table.start(log_bytes=10)
    again(table)
    table.wait(REFUSED_MAX_S)
    table.tell(LogAck(run_id=ONE, offset=10))
    table.finish()
    again(table)
    assert all(ended.whole for ended in sent(table.wait(AGAIN_S), Ended))


def test_a_new_link_knows_nothing_of_what_an_old_one_refused() -> None:
    table = Table()
    table.start(log_bytes=10)
    table.finish()
    again(table)
    table.unlink()
    table.link(offsets={1: 4})
    assert pieces(table.effects) == [(4, 6)]
    assert table.result().whole


def test_log_text_of_a_run_that_is_forgotten_is_ignored() -> None:
    assert Table().tell(Logged(ONE, 10)) == []


def test_the_last_words_of_a_service_belong_to_the_log() -> None:
    table = Table()
    table.start(log_bytes=10)
    table.tell(Exited(run_id=ONE, exit_code=0))
    effects = table.tell(Judged(run_id=ONE, status=RunStatus.DONE, log_bytes=99))
    assert pieces(effects) == [(0, 99)]
    assert table.result().result.log_bytes == 99


def test_results_of_a_former_life_are_sent_with_their_logs() -> None:
    core = WorkerCore({ONE: RunResult(status=RunStatus.DONE, log_bytes=9)})
    assert core.ended() == (ONE,)
    effects = core.apply(Linked(a_welcome(), 5.0), 5.0)
    assert pieces(effects) == [(0, 9)]
    assert len(sent(effects, Ended)) == 1
