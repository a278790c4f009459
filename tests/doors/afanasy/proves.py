"""Which requests a test proves: said at the test, and checked when it runs.

`tools.reference.afanasy_requests` reads what is said; a test that says it of a request that it
does not send fails.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_sent: set[str] = set()


def note(root: Mapping[str, Any]) -> None:
    """A test sends a request."""
    _sent.update(names_of(root))


def note_message(number: int, name: str) -> None:
    """A test sends, or is sent, a binary message."""
    _sent.add(message_name(number, name))


def message_name(number: int, name: str) -> str:
    """What a binary message is called, in the table of the documentation."""
    return f"{number} {name}"


def proves(*requests: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Say which requests a test proves, by their names."""

    def around(test: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(test)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            _sent.clear()
            done = test(*args, **kwargs)
            missing = set(requests) - _sent
            assert not missing, f"the test does not send {sorted(missing)}"
            return done

        run.proves = requests  # type: ignore[attr-defined]  # read by the documentation
        return run

    return around


def names_of(root: Mapping[str, Any]) -> Iterator[str]:
    """What a request is called, in the table of the documentation."""
    if isinstance(root.get("get"), dict):
        yield from _names_of_get(root["get"])
    elif isinstance(root.get("action"), dict):
        yield from _names_of_action(root["action"])
    else:
        yield from (name for name in ("job", "user", "monitor", *_OTHERS) if name in root)


_OTHERS = ("announce", "reload_config", "save")
_FILTERS = ("ids", "mask", "uids", "users", "serials")


def _names_of_get(asked: Mapping[str, Any]) -> Iterator[str]:
    mode = asked.get("mode")
    name = f"get {asked.get('type')}"
    if isinstance(mode, list):
        yield f"{name} blocks"
    elif mode and asked.get("task_ids"):
        yield f"{name} task {mode}"
    else:
        yield f"{name} {mode}" if mode else name
    for chosen in _FILTERS:
        if chosen in asked:
            yield f"{name} by {chosen}"
    if asked.get("binary"):
        yield f"{name} binary"


def _names_of_action(asked: Mapping[str, Any]) -> Iterator[str]:
    blocks = " blocks" if asked.get("block_ids") or asked.get("block_mask") else ""
    name = f"action {asked.get('type')}{blocks}"
    if "params" in asked:
        yield f"{name} params"
    operation = asked.get("operation")
    if isinstance(operation, dict):
        detail = operation.get("mode") if operation.get("type") == "farm" else ""
        detail = operation.get("class") if operation.get("type") == "watch" else detail
        yield f"{name} {operation.get('type')}" + (f" {detail}" if detail else "")
