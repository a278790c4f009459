from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from grange.model.patterns import Command
from grange.plugins import programs


def executable(path: Path, text: str = "") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {shlex.quote(text)}\n")
    path.chmod(0o755)
    return str(path)


def test_a_program_is_found_on_the_given_path(tmp_path: Path) -> None:
    path = executable(tmp_path / "tool")
    assert programs.which("tool", str(tmp_path)) == path
    assert programs.which("tool", "/no/such") == ""


def test_the_last_of_several_versions_at_a_place_is_taken(tmp_path: Path) -> None:
    executable(tmp_path / "tool-4.1" / "tool")
    newest = executable(tmp_path / "tool-4.2" / "tool")
    assert programs.which("tool", "", [f"{tmp_path}/tool-*/tool"]) == newest


def test_a_program_tells_its_version(tmp_path: Path) -> None:
    assert programs.version([executable(tmp_path / "a", "Tool 4.2 x")], r"Tool (\S+)") == "4.2"
    assert programs.version([executable(tmp_path / "b", "hello")], r"Tool (\S+)") == ""


def test_a_program_that_cannot_run_has_no_version(tmp_path: Path) -> None:
    Path(tmp_path, "text").write_text("no program")
    assert programs.version([str(tmp_path / "text")], "(.*)") == ""


def test_modules_are_known_without_importing_them() -> None:
    assert programs.importable("msgspec")
    assert not programs.importable("no_such_module")
    assert "this" not in sys.modules
    assert programs.importable("this")
    assert "this" not in sys.modules
    assert programs.module_version("no_such_module") == ""


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (("tool", "a b"), ("/my tools/tool", "-x", "a b")),
        ("tool 'a b' | tool", "'/my tools/tool' -x 'a b' | tool"),
        ("  tool", "'/my tools/tool' -x"),
    ],
)
def test_only_the_first_word_becomes_the_program(command: Command, wanted: Command) -> None:
    assert programs.leading_word(command) == "tool"
    assert programs.replace_program(command, ["/my tools/tool", "-x"]) == wanted


@pytest.mark.parametrize("command", ["", " ", ()])
def test_an_empty_command_has_no_leading_word(command: Command) -> None:
    assert programs.leading_word(command) == ""
