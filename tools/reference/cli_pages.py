"""The page of the command line, from the program itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from math import inf
from pathlib import Path
from typing import Any, Final

import typer

from grange.cli.exits import ExitCode
from grange.cli.main import app
from tools.reference import markdown as md
from tools.reference.fields import Undocumented
from tools.reference.source import notes_of, summary

_MARK: Final = re.compile(r"\[/?[a-z ]*\]")  # of Rich, such as [bold] and [/]
_VALUES: Final[dict[object, str]] = {int: "NUMBER", float: "NUMBER", Path: "PATH"}
_EXAMPLE: Final = re.compile(r"\[dim\](.*?)\[/(?:dim)?\]", re.DOTALL)


def program() -> Any:
    """The program, with all its commands and options."""
    return typer.main.get_command(app)


def walk(command: Any, name: str = "grange") -> Iterator[tuple[str, Any]]:
    """A command and all below it, each with its whole name; hidden ones left out."""
    yield name, command
    for word, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from walk(below, f"{name} {word}")


def option(command: Any, word: str) -> Any:
    """The option of a command that is written so; None when there is none."""
    found = [item for item in command.params if word in (*item.opts, *item.secondary_opts)]
    if found:
        return found[0]
    return _Help() if word in ("--help", "-h") else None


class _Help:
    """What every command has and none lists."""

    is_flag = True


def room(command: Any) -> float:
    """How many words a command takes beside its options."""
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    return sum(inf if item.nargs < 0 else item.nargs for item in arguments)


def cli_page() -> str:
    """Write docs/reference/cli.md."""
    parts = [part for name, command in walk(program()) for part in _command(name, command)]
    return md.page(
        "Command line",
        ["grange.cli"],
        *parts,
        "## Exit status",
        summary(ExitCode),
        md.table(
            ["status", "meaning"],
            [
                (md.code(item.value), md.sentence(notes_of(ExitCode).get(item.name, item.name)))
                for item in ExitCode
            ],
        ),
    )


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}"
    text = inspect.cleandoc(command.help or "")
    examples = [line for found in _EXAMPLE.findall(text) for line in found.splitlines()]
    yield _plain(_EXAMPLE.sub("", text))
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    words = [_word(item) for item in arguments]
    end = "COMMAND" if getattr(command, "commands", None) else "[OPTIONS]"
    yield md.code(" ".join([name, *words, end]))
    shown = [item for item in command.params if not getattr(item, "hidden", False)]
    if shown:
        yield md.table(["", "default", "meaning"], [_parameter(item) for item in shown])
    lines = [line.strip() for line in examples if line.strip()]
    if lines:
        yield "\n".join(["```console", *(f"$ {_remarked(line)}" for line in lines), "```"])


def _remarked(line: str) -> str:
    """An example whose remark, set off by blanks, is one for the shell too."""
    return re.sub(r"\s{3,}(?=\S)", "  # ", line, count=1)


def _plain(text: str) -> str:
    return "\n\n".join(
        " ".join(_MARK.sub("", part).split()) for part in text.split("\n\n") if part.strip()
    )


def _word(item: Any) -> str:
    name = item.metavar or str(item.name).upper()
    if item.nargs != 1 and "..." not in name:
        name += "..."
    return name if item.required or name.startswith("[") else f"[{name}]"


def _parameter(item: Any) -> tuple[str, str, str]:
    if item.param_type_name == "argument":
        written = md.code(_word(item))
    else:
        words = [*item.opts, *item.secondary_opts]
        metavar = "" if item.is_flag else f" {item.metavar or _value(item)}"
        written = ", ".join(md.code(word + metavar) for word in words)
    if not item.help:
        raise Undocumented(f"{item.name} of the command line: give it a help text")
    meaning = md.sentence(_plain(item.help))
    if item.envvar:
        meaning += f" Also {md.code(item.envvar)} in the environment."
    return written, _default(item), meaning


def _value(item: Any) -> str:
    """What an option takes, where it does not name it."""
    kind = getattr(getattr(item, "type_descriptor", None), "annotation", str)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    return _VALUES.get(kind, "TEXT")


def _default(item: Any) -> str:
    given = item.default
    hidden = item.required or not item.show_default or callable(given)
    if hidden or given in (None, "", False, ()):
        return ""
    return md.code(str(given).lower() if isinstance(given, bool) else given)
