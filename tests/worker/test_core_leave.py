"""Leaving: runs are ended, results delivered, and the worker goes."""

from __future__ import annotations

import pytest

from grange.model.ids import RunId
from grange.model.states import RunStatus
from grange.wire.worker import Bye, Ended, Examined, Instruct, Launch, Start
from grange.worker import effects, inputs
from grange.worker.core import LEAVE_ACK_S, LEAVE_MAX_S
from grange.worker.effects import Act, Examine, Keep, Kill, Note, Quit
from grange.worker.inputs import Leave, Tick
from tests.worker.build import Table, a_run, sent


def test_a_worker_without_runs_says_goodbye_and_goes() -> None:
    effects = Table().tell(Leave())
    assert len(sent(effects, Bye)) == 1
    assert effects[-1] == Quit("")


def test_a_leaving_worker_asks_its_runs_to_end_and_reports_them_lost() -> None:
    table = Table()
    table.start()
    assert table.tell(Leave()) == [Kill(RunId(1), hard=False)]
    table.die()
    assert table.result().result.status is RunStatus.LOST
    assert isinstance(table.ack(1)[-1], Quit)


def test_a_leaving_worker_says_goodbye_only_when_nothing_is_left() -> None:
    table = Table()
    table.start()
    table.finish()
    table.tell(Leave())
    assert table.take(Quit) == []
    effects = table.wait(LEAVE_ACK_S + 0.1)
    assert sent(effects, Bye) == []
    assert isinstance(effects[-1], Quit)


def test_a_leaving_worker_takes_no_new_run() -> None:
    table = Table()
    table.start()
    table.tell(Leave())
    effects = table.tell(Start(run=a_run(2)))
    assert sent(effects, Ended)[0].result.status is RunStatus.LOST


def test_a_worker_without_a_link_keeps_its_results_and_goes() -> None:
    table = Table()
    table.start()
    table.unlink()
    table.tell(Leave())
    effects = table.die()
    assert [type(effect) for effect in effects][-2:] == [Keep, Quit]


def test_a_run_that_does_not_die_does_not_keep_a_worker_for_ever() -> None:
    table = Table()
    table.start()
    table.tell(Leave())
    assert isinstance(table.wait(LEAVE_MAX_S + 1)[-1], Quit)


def test_to_leave_twice_is_to_leave_once() -> None:
    table = Table()
    table.start()
    table.tell(Leave())
    assert table.tell(Leave()) == []


def test_a_worker_that_has_gone_does_nothing_more() -> None:
    table = Table()
    table.tell(Leave())
    assert table.tell(Tick(), Start(run=a_run())) == []
    assert table.core.next_deadline() is None


@pytest.mark.parametrize("what", ["restart", "reboot", "shutdown"])
def test_an_instruction_to_the_machine_is_followed_when_the_worker_has_left(what: str) -> None:
    assert Table().tell(Instruct(what=what))[-1] == Quit(what)


def test_the_server_can_tell_a_worker_to_exit() -> None:
    assert Table().tell(Instruct(what="exit"))[-1] == Quit("")


def test_a_worker_told_to_sleep_stays() -> None:
    assert Table().tell(Instruct(what="sleep")) == [Act("sleep")]


def test_a_worker_told_to_examine_its_machine_says_what_is_wrong() -> None:
    table = Table()
    assert table.tell(Instruct(what="self-test")) == [Examine()]
    (said,) = sent(table.tell(inputs.Examined(("disk: full",))), Examined)
    assert said.faults == ("disk: full",)


def test_a_command_is_launched_and_the_worker_stays() -> None:
    table = Table()
    assert table.tell(Launch(command=("x",))) == [effects.Launch(("x",), leave=False)]
    assert table.tell(inputs.Launched("", leave=False)) == []


def test_a_worker_leaves_when_the_command_is_started_with_which_it_is_to() -> None:
    table = Table()
    assert table.tell(Launch(command="x", exit=True)) == [effects.Launch("x", leave=True)]
    assert table.tell(inputs.Launched("", leave=True))[-1] == Quit("")


def test_a_worker_stays_where_the_command_could_not_be_started() -> None:
    said = [Note("a command was not launched: no such file")]
    assert Table().tell(inputs.Launched("no such file", leave=True)) == said


def test_an_unknown_instruction_is_noted() -> None:
    assert [type(effect) for effect in Table().tell(Instruct(what="dance"))] == [Note]
