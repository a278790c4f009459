"""What a request is answered with, before it is bytes."""

from __future__ import annotations

from typing import Any

import msgspec


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer.

    Attributes:
        body: to be encoded as JSON; None: there is no answer.
        kind: number of the binary message that was asked for; 0: JSON.
        items: what that message holds; its type is told by `kind`.
    """

    body: Any = None
    kind: int = 0
    items: Any = None


NOTHING = Reply()  # the client waits for no answer


def info(kind: str, text: str) -> Reply:
    """A sentence, of kind `log`, `info` or `error`."""
    return Reply(body={"info": {"kind": kind, "text": text}})


def log(text: str) -> Reply:
    """What was done, as clients write it into their log."""
    return info("log", text)


def error(text: str) -> Reply:
    """What was not done, and why."""
    return info("error", text)


def lines(name: str, kind: str, found: list[str]) -> Reply:
    """A list of lines about a node, of kind `log`, `tasks_log` or `error_hosts`."""
    return Reply(body={"message": {"name": name, "type": kind, "list": found}})
