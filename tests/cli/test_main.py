"""What holds for all commands: help, errors, exit statuses."""

from __future__ import annotations

import pytest

from grange.cli.exits import ExitCode
from tests.cli.conftest import Terminal
from tests.client.recorded import RecordedServer

COMMANDS = (
    *("up", "server", "worker", "demo"),
    *("submit", "jobs", "job", "log", "why", "story"),
    *("pause", "resume", "restart", "skip", "done", "suspend", "continue", "stop", "delete"),
    *("set", "move", "try-next", "forget-errors"),
    *("workers", "eject", "heal", "instruct", "launch", "users", "pools", "branches"),
    *("status", "doctor", "audit", "version", "open", "join-code", "token"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(grange: Terminal, command: str) -> None:
    text = grange.says(command, "--help")
    assert f"grange {command}" in text
    assert "Traceback" not in text


def test_help_names_every_command(grange: Terminal) -> None:
    text = grange.says("--help")
    assert [name for name in COMMANDS if f" {name} " not in text] == []
    assert "Ends with 0 well, 1 failed" in text


def test_no_command_is_an_invitation_to_read_the_help(grange: Terminal) -> None:
    assert "Usage: grange" in grange().output


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("job", "grange job [OPTIONS] JOB"),
        ("pause", "grange pause [OPTIONS] WHAT..."),
        ("workers", "grange workers [OPTIONS] [WORKER]"),
        ("submit", "grange submit [OPTIONS] [FILE] [-- COMMAND...]"),
        ("afanasy job", "grange afanasy job [OPTIONS] SCENE FIRST LAST"),
        ("afanasy cmd", "grange afanasy cmd [OPTIONS] [WORD] [ARGUMENT]..."),
    ],
)
def test_a_usage_has_brackets_round_what_may_be_left_out(
    grange: Terminal, words: str, usage: str
) -> None:
    lines = [line.strip() for line in grange.says(*words.split(), "--help").splitlines()]
    assert f"Usage: {usage}" in lines


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, ExitCode.FAILED),
        (403, ExitCode.NOT_ALLOWED),
        (404, ExitCode.NOT_FOUND),
        (409, ExitCode.FAILED),
    ],
)
def test_a_refusal_is_one_sentence_and_a_status(
    grange: Terminal, status: int, code: ExitCode
) -> None:
    grange.server.refuse("GET /jobs", status, "code", "that is wrong", hint="do this")
    result = grange("jobs")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == "error: that is wrong; do this\n"


def test_who_is_not_signed_in_is_told_how_to_be(grange: Terminal) -> None:
    grange.server.refuse("GET /jobs", 401, "unauthenticated", "nobody is signed in", hint="Bearer")
    assert grange("jobs").stderr == (
        "error: nobody is signed in; set GRANGE_TOKEN: an admin makes one by"
        " `grange token create NAME`\n"
    )


def test_a_server_that_is_gone_ends_with_3(grange: Terminal) -> None:
    with RecordedServer() as gone:
        pass
    result = grange("--server", gone.url, "jobs")
    assert result.exit_code == ExitCode.UNREACHABLE
    assert result.stderr.startswith(f"error: no answer from {gone.url}")


def test_no_server_at_all_ends_with_3(grange: Terminal) -> None:
    del grange.environment["GRANGE_SERVER"]
    result = grange("jobs")
    assert (result.exit_code, "grange up" in result.stderr) == (ExitCode.UNREACHABLE, True)


def test_with_debug_the_place_of_an_error_is_shown(grange: Terminal) -> None:
    result = grange("--debug", "job", "12")
    assert type(result.exception).__name__ == "NotFound"


def test_an_error_cannot_order_the_terminal(grange: Terminal) -> None:
    grange.server.refuse("GET /jobs", 400, "code", "a\x1b[2Jb")
    assert grange("jobs").stderr == "error: a [2Jb\n"


def test_an_unknown_command_is_found_a_neighbour(grange: Terminal) -> None:
    result = grange("jbos")
    assert result.exit_code == ExitCode.USAGE
    assert "jobs" in result.stderr


def test_the_statuses_are_those_that_scripts_rely_on() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 5, 130]
