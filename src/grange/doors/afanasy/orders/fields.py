"""Values of foreign JSON, read one by one; what cannot be is refused by its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from grange.server.refusal import BadField

INT_MAX: Final = 2**31 - 1
_LARGE: Final = 2**53  # beyond it JavaScript's numbers are not exact

Read = Callable[[Any, str], Any]  # a value and the path of its field -> our value


class BadOrder(BadField):
    """What was sent cannot be; the text begins with the path of the field at fault."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why, field=field)


def text(value: Any, field: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise BadOrder(field, f"a text is wanted, not {_shown(value)}")
    return value


def command(value: Any, field: str) -> str | tuple[()]:
    """A line for the shell; an empty one is none, as clients write it."""
    return text(value, field) or ()


def flag(value: Any, field: str) -> bool:
    """True or false; 1 and 0 are taken for them."""
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise BadOrder(field, f"true or false is wanted, not {_shown(value)}")


def number(value: Any, field: str) -> int:
    """A whole number, however it is written."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGE:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadOrder(field, f"a whole number is wanted, not {_shown(value)}")
    if abs(value) > 2**63 - 1:
        raise BadOrder(field, "a number beyond 64 bits")
    return value


def within(least: int, most: int) -> Read:
    """Give what reads a whole number and refuses it beyond its bounds."""

    def read(value: Any, field: str) -> int:
        found = number(value, field)
        if not least <= found <= most:
            raise BadOrder(field, f"{found} is not within {least} and {most}")
        return found

    return read


def clamped(least: int, most: int) -> Read:
    """Give what reads a whole number and takes the nearest that is possible."""

    def read(value: Any, field: str) -> int:
        return min(most, max(least, number(value, field)))

    return read


def at_least(least: int) -> Read:
    """Give what reads a whole number; one that is less stands for the least."""

    def read(value: Any, field: str) -> int:
        found = max(least, number(value, field))
        if found > INT_MAX:
            raise BadOrder(field, f"{found} is more than {INT_MAX}")
        return found

    return read


def choice(*words: str) -> Read:
    """Give what reads one of some words."""

    def read(value: Any, field: str) -> str:
        found = text(value, field)
        if found not in words:
            raise BadOrder(field, f"one of {', '.join(map(repr, words))} is wanted")
        return found

    return read


def moment(value: Any, field: str) -> float:
    """Epoch seconds, a fraction left out; before 1970 is now."""
    if isinstance(value, float) and abs(value) <= _LARGE:
        value = int(value)
    return float(max(0, number(value, field)))


def files(value: Any, field: str) -> tuple[str, ...]:
    """Files: a list, or one text in which semicolons separate them."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(";") if item.strip())
    return tuple(text(item, f"{field}[{place}]") for place, item in enumerate(each(value, field)))


def numbers(value: Any, field: str) -> tuple[int, ...]:
    """A list of whole numbers."""
    return tuple(
        number(item, f"{field}[{place}]") for place, item in enumerate(each(value, field))
    )


def texts_by_name(value: Any, field: str) -> dict[str, str]:
    """Texts by names; numbers are taken as they are written."""
    return {name: _plain(item, f"{field}.{name}") for name, item in inside(value, field).items()}


def tickets(value: Any, field: str) -> dict[str, int]:
    """Counts by names; a ticket of which none is wanted is none."""
    found = {name: number(item, f"{field}.{name}") for name, item in inside(value, field).items()}
    return {name: count for name, count in found.items() if count > 0}


def preferences(value: Any, field: str) -> dict[str, int]:
    """Likings of pools, from -100 (forbidden) to 100 (nowhere else)."""
    read = clamped(-100, 100)
    return {name: read(item, f"{field}.{name}") for name, item in inside(value, field).items()}


def each(value: Any, field: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise BadOrder(field, f"a list is wanted, not {_shown(value)}")
    return value


def inside(value: Any, field: str) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise BadOrder(field, f"an object is wanted, not {_shown(value)}")
    return value


def _plain(value: Any, field: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return text(value, field)


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if value is None:
        return "null"
    return repr(value)[:80]
