"""Options that several commands have, and how help shows what a command takes."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

Json = Annotated[bool, typer.Option("--json", help="Write one JSON document, and nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class Command(TyperCommand):
    """A command; its help speaks of what is meant, not of types."""

    @override
    def get_params(self, ctx: Any) -> list[Any]:
        """Give what it takes."""
        return untyped(super().get_params(ctx))


class Group(TyperGroup):
    """Commands under one word; its help is like theirs."""

    @override
    def get_params(self, ctx: Any) -> list[Any]:
        """Give what stands before the command."""
        return untyped(super().get_params(ctx))


def untyped(params: Iterable[Any]) -> list[Any]:
    """Give what a command takes, such that help leaves out the types of the program."""
    found = list(params)
    for param in found:
        if param.param_type_name == "argument":
            param.display_type_rich = _nothing
            param.get_usage_pieces = functools.partial(_usage, param)
        elif getattr(param, "is_flag", False):
            param.metavar = ""
    return found


def _usage(param: Any, ctx: Any) -> list[str]:
    """How a usage shows an argument: in brackets where it may be left out."""
    name = param.display_name_raw
    if not (param.required or name.startswith("[")):
        name = f"[{name}]"
    return [name if param.nargs == 1 or name.endswith("...") else f"{name}..."]


def _nothing(ctx: Any) -> None:
    """The type of an argument, for help."""
