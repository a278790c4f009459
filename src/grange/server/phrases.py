"""The worker protocol in the farm's words, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from grange.core.commands import JoinWorker
from grange.core.effects import Launch, StartRun, StopRun, TellWorker
from grange.model.run import Traits
from grange.model.spec import NAME_MAX
from grange.wire import worker as wire

TEXT_MAX: Final = 1_000  # characters of a text of a worker's traits
LIST_MAX: Final = 1_000  # items of a list of them
NETIFS_MAX: Final = 100  # network interfaces of a machine


def message_of(effect: StartRun | StopRun | TellWorker | Launch) -> wire.ToWorker:
    """What a worker is told of an effect."""
    match effect:
        case StartRun():
            return wire.Start(run=effect.run)
        case StopRun():
            return wire.Stop(run_id=effect.run_id, reason=effect.reason)
        case TellWorker():
            return wire.Instruct(what=effect.what)
        case Launch():
            return wire.Launch(command=effect.command, exit=effect.exit)


def join_command(hello: wire.Hello, address: str) -> JoinWorker:
    """What the farm is told of a worker's first message, and of where it came from."""
    return JoinWorker(
        name=hello.name,
        boot_id=hello.boot_id[:TEXT_MAX],
        home=hello.home[:TEXT_MAX],
        traits=bounded(hello.traits),
        runs=hello.runs,
        ended=hello.ended,
        last_run=hello.last_run,
        nimby=hello.nimby,
        user=hello.user[:NAME_MAX],
        launched=hello.launched if 0 < hello.launched < math.inf else 0.0,
        address=address,
    )


def bounded(traits: Traits) -> Traits:
    """Traits whose texts and lists are no longer than the farm keeps."""
    return replace(
        traits,
        os=traits.os[:TEXT_MAX],
        version=traits.version[:TEXT_MAX],
        cpu_name=traits.cpu_name[:TEXT_MAX],
        gpu_name=traits.gpu_name[:TEXT_MAX],
        services=_few(traits.services),
        addresses=_few(traits.addresses),
        macs=_few(traits.macs),
        netifs=tuple(
            replace(
                item,
                name=item.name[:TEXT_MAX],
                mac=item.mac[:TEXT_MAX],
                addresses=_few(item.addresses),
            )
            for item in traits.netifs[:NETIFS_MAX]
        ),
    )


def _few(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text[:TEXT_MAX] for text in texts[:LIST_MAX])
