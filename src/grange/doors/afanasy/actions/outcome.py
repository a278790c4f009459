"""What came of an action: on each thing that it was about, and in one sentence for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from grange.core.errors import Rejected
from grange.doors.afanasy import reply
from grange.doors.afanasy.asked import NotUnderstood
from grange.doors.afanasy.orders import theirs
from grange.doors.afanasy.reply import Reply
from grange.server.refusal import Refusal

PROCESSED: Final = "Action processed."
AT_ONCE: Final = 200  # things that are worked on together; their commands share a commit
TOLD_MAX: Final = 5  # sentences in one answer

T = TypeVar("T")


class NotDone(Exception):
    """Nothing was done to a thing; the text says which and why. Raised before any change."""


class Nothing(NotDone):
    """Nothing was to be done: all is as wished already."""


Deed = str | Reply  # what was done, "" where that needs no words


async def to_each(
    things: Sequence[T], act: Callable[[T], Awaitable[Deed]], unknown: Sequence[str] = ()
) -> Reply:
    """Do something to each of some things, and say what came of it.

    Args:
        things: to be worked on, in no order.
        act: does it to one.
        unknown: a sentence for each thing that was meant and is not there.
    """
    deeds: list[Deed] = []
    refused: list[str] = list(unknown)
    idle: list[str] = []

    async def one(thing: T) -> None:
        try:
            deeds.append(await act(thing))
        except Nothing as why:
            idle.append(str(why))
        except Rejected as why:
            refused.append(f"{theirs(why.field)}: {why}" if why.field else str(why))
        except (NotDone, NotUnderstood, Refusal) as why:
            refused.append(str(why))

    for first in range(0, len(things), AT_ONCE):
        async with asyncio.TaskGroup() as group:
            for thing in things[first : first + AT_ONCE]:
                group.create_task(one(thing))
    return summed(deeds, refused, idle)


def summed(deeds: Sequence[Deed], refused: Sequence[str], idle: Sequence[str]) -> Reply:
    """One answer for all.

    It is of kind `error` where nothing was done that should have been, `info` where some was.
    That all is as wished already goes to the client's log: it shows other kinds in a window.
    """
    if not refused and not idle:
        whole = [deed for deed in deeds if isinstance(deed, Reply)]
        if whole:
            return whole[-1]
        return reply.log(_told([str(deed) for deed in deeds]) or PROCESSED)
    said = _told([*(deed for deed in deeds if isinstance(deed, str)), *refused, *idle])
    if not deeds:
        return reply.error(said) if refused else reply.log(said)
    total = len(deeds) + len(refused) + len(idle)
    return reply.info("info" if refused else "log", f"Done for {len(deeds)} of {total}. {said}")


def _told(sentences: Sequence[str]) -> str:
    unique = list(dict.fromkeys(sentence for sentence in sentences if sentence))
    more = f"\n... and {len(unique) - TOLD_MAX} more" if len(unique) > TOLD_MAX else ""
    return "\n".join(unique[:TOLD_MAX]) + more
