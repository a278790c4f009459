"""The worker protocol in the farm's words, and back."""

from __future__ import annotations

from grange.core.commands import JoinWorker
from grange.core.effects import StartRun, StopRun, TellWorker
from grange.wire import worker as wire


def message_of(effect: StartRun | StopRun | TellWorker) -> wire.ToWorker:
    """What a worker is told of an effect."""
    match effect:
        case StartRun():
            return wire.Start(run=effect.run)
        case StopRun():
            return wire.Stop(run_id=effect.run_id, reason=effect.reason)
        case TellWorker():
            return wire.Instruct(what=effect.what)


def join_command(hello: wire.Hello) -> JoinWorker:
    """What the farm is told of a worker's first message."""
    return JoinWorker(
        name=hello.name,
        boot_id=hello.boot_id,
        traits=hello.traits,
        runs=hello.runs,
        ended=hello.ended,
        last_run=hello.last_run,
        nimby=hello.nimby,
        user=hello.user,
    )
