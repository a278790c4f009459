from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.client import build

RULES = r"""
port = 7420
[path_map]
windows = [["P:/", "/ps/prj/"], ["//box/project/", "/ps/prj/"], ['c:\ps', "/ps"]]
linux = [["/home/ada", "/mnt/ada"]]
"""


@pytest.fixture
def file(environment: dict[str, str]) -> Path:
    path = Path(environment["GRANGE_HOME"], "settings.toml")
    path.parent.mkdir()
    path.write_text(RULES)
    return path


def test_rules_are_shown_with_where_they_stand(grange: Terminal, file: Path) -> None:
    text = grange.says("paths", "show", "--os", "windows")
    assert text.splitlines() == [
        f"rules for windows, from {file}",
        "RULE       CLIENT          SERVER    NEVER MATCHES",
        "windows 1  P:/             /ps/prj/",
        "windows 2  //box/project/  /ps/prj/  to the client: windows 1 is before it",
        r"windows 3  c:\ps           /ps",
    ]


def test_each_step_is_shown(grange: Terminal, file: Path) -> None:
    text = grange.says("paths", "test", r"x -o //BOX/Project/a", "--os", "windows", "--to-server")
    assert text.splitlines() == [
        f"rules for windows, from {file}",
        "",
        "to the server, as it is submitted from here",
        "  //BOX/Project/a",
        "    RULE       FROM            TO",
        "    windows 1  P:/             /ps/prj/  no",
        "    windows 2  //box/project/  /ps/prj/  matches",
        "before  x -o //BOX/Project/a",
        "after   x -o /ps/prj/a",
    ]


def test_a_near_miss_says_why(grange: Terminal, file: Path) -> None:
    text = grange.says("paths", "test", "/ps/prj2", "--os", "windows", "--to-client")
    assert "no: the folder's name goes on" in text
    assert text.splitlines()[-1] == r"after   c:\ps\prj2"
    text = grange.says(
        "paths", "test", "/PS/prj", "--os", "windows", "--to-client", "--unix-separators"
    )
    assert "no: the case of its letters differs" in text
    assert text.splitlines()[-1] == "after   the same"


def test_both_directions_are_shown_unless_one_is_asked_for(grange: Terminal, file: Path) -> None:
    found = json.loads(grange.says("paths", "test", "/ps/prj/a", "--os", "windows", "--json"))
    to_server, to_client = found["directions"]
    assert found["file"] == str(file)
    assert (to_server["direction"], to_server["after"]) == ("to-server", "/ps/prj/a")
    assert (to_client["direction"], to_client["after"]) == ("to-client", r"P:\a")
    assert to_client["paths"][0]["tried"][0]["rule"] == "windows 1"


def test_what_is_no_path_is_said_to_be_none(grange: Terminal, file: Path) -> None:
    text = grange.says("paths", "test", "a/b P:", "--os", "windows", "--to-server")
    assert "there is no absolute path in it" in text


def test_without_rules_that_is_said(grange: Terminal) -> None:
    for words in (("show",), ("test", "/a")):
        text = grange.says("paths", *words)
        assert text.splitlines()[1] == "there are none: every path stays as it is"


def test_another_folder_can_be_asked_for(grange: Terminal, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[path_map]\nall = [["/a", "/b"]]')
    text = grange.says("paths", "test", "/a/x", "--state-dir", str(tmp_path), "--to-server")
    assert text.splitlines()[-1] == "after   /b/x"


def test_a_system_that_is_none_is_refused(grange: Terminal) -> None:
    result = grange("paths", "show", "--os", "beos")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "linux, macos, windows" in result.stderr


def test_a_rule_that_cannot_be_is_named(grange: Terminal, file: Path) -> None:
    file.write_text('[path_map]\nall = [["a", "/b"]]')
    result = grange("paths", "show")
    assert result.exit_code == 1
    assert "rule all 1, ['a', '/b']: the client's path is not absolute" in result.stderr


def test_what_is_submitted_has_the_paths_of_the_server(grange: Terminal, file: Path) -> None:
    file.write_text('[path_map]\nall = [["/home/ada", "/mnt/ada"]]')
    grange.server.answer("POST /jobs", {"job_id": 12})
    grange.server.answer("GET /jobs/12", build.detail())
    grange.says("submit", "-C", "/home/ada", "--", "tool", "-o", "/home/ada/x")
    (block,) = grange.server.seen[0].json["blocks"]
    assert (block["working_directory"], block["command"][2]) == ("/mnt/ada", "/mnt/ada/x")


def test_a_preview_shows_the_paths_of_the_server(grange: Terminal, file: Path) -> None:
    file.write_text('[path_map]\nall = [["/home/ada", "/mnt/ada"]]')
    grange.environment["GRANGE_SERVER"] = "http://127.0.0.1:9"
    text = grange.says("submit", "--dry-run", "-C", "/home/ada", "--", "tool", "/home/ada/x")
    assert "/mnt/ada/x" in text
    assert "in /mnt/ada" in text
    assert "/home/ada" not in text


def test_what_is_set_has_the_paths_of_the_server(grange: Terminal, file: Path) -> None:
    file.write_text('[path_map]\nall = [["/home/ada", "/mnt/ada"]]')
    grange.server.answer("PATCH /jobs/12/blocks/0", build.detail())
    grange.server.answer("GET /jobs/12", build.detail())
    grange("set", "12/0", "working_directory=/home/ada", "priority_=1")
    assert not grange.server.seen
    grange("set", "12/0", "working_directory=/home/ada")
    assert grange.server.seen[0].json == {"working_directory": "/mnt/ada"}
