"""Where CGRU's variables are found, and which of them win."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from grange.af import afnetwork, cgruconfig, cgrupathmap


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "GRANGE_HOME": str(tmp_path / "state"), "USER": "artist"}


def write(path: Path, **said: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cgru_config": said}))


def home(env: dict[str, str]) -> Path:
    return Path(env["HOME"], ".cgru", "config.json")


def test_without_files_the_server_is_on_this_machine(env: dict[str, str]) -> None:
    found = cgruconfig.load(env)
    assert (found["af_servername"], found["af_serverport"]) == ("127.0.0.1", 51000)


@pytest.mark.parametrize(
    ("said", "host", "port"),
    [
        ({"afanasy": "127.0.0.1:51007"}, "127.0.0.1", 51007),
        ({"afanasy": "[::1]:51008"}, "::1", 51008),
        ({"afanasy": ""}, "127.0.0.1", 51000),
        ({}, "127.0.0.1", 51000),
        ([], "127.0.0.1", 51000),
    ],
)
def test_a_grange_on_this_machine_says_where_its_door_is(
    env: dict[str, str], said: Any, host: str, port: int
) -> None:
    Path(env["GRANGE_HOME"]).mkdir()
    Path(env["GRANGE_HOME"], "server.json").write_text(json.dumps(said))
    found = cgruconfig.load(env)
    assert (found["af_servername"], found["af_serverport"]) == (host, port)
    assert afnetwork.address("farm") == ("farm", 51000)
    env["AF_SERVERNAME"] = "other"
    cgruconfig.load(env)
    assert afnetwork.address() == ("other", 51000)


def test_the_users_own_file_names_the_server(env: dict[str, str]) -> None:
    write(home(env), af_servername="farm", af_serverport="51001")
    found = cgruconfig.load(env)
    assert (found["af_servername"], found["af_serverport"]) == ("farm", 51001)


def test_the_environment_goes_before_files(env: dict[str, str]) -> None:
    write(home(env), af_servername="farm", af_serverport=51001, af_priority=7)
    env |= {"AF_SERVERNAME": "here", "CGRU_af_serverport": "51002", "CGRU_AF_PRIORITY": "8"}
    found = cgruconfig.load(env)
    assert (found["af_servername"], found["af_serverport"]) == ("here", 51002)
    assert found["af_priority"] == 8


def test_files_of_an_installation_come_first_and_the_users_last(
    env: dict[str, str], tmp_path: Path
) -> None:
    place = tmp_path / "cgru"
    write(place / "config_default.json", af_servername="a", af_priority=1, company="x")
    write(place / "afanasy" / "config_default.json", af_servername="b", af_priority=2)
    write(place / "config.json", af_servername="c", include=["more.json"])
    write(place / "more.json", af_cmdprefix="nice ")
    write(tmp_path / "custom.json", af_servername="d")
    write(home(env), af_servername="e")
    env |= {"CGRU_LOCATION": str(place), "CGRU_CUSTOM_CONFIG": str(tmp_path / "custom.json")}
    found = cgruconfig.load(env)
    names = ("af_servername", "af_priority", "company", "af_cmdprefix")
    assert [found[name] for name in names] == ["e", 2, "x", "nice "]
    assert found["AF_ROOT"] == str(place / "afanasy")


def test_files_that_include_each_other_are_read_once(env: dict[str, str]) -> None:
    write(home(env), include=["config.json", "../.cgru/config.json"], af_priority=3)
    assert cgruconfig.load(env)["af_priority"] == 3


@pytest.mark.parametrize(
    ("system", "path"), [("linux", "/mnt/p"), ("darwin", "/Volumes/p"), ("win32", "P:/")]
)
def test_a_section_holds_for_its_system(
    env: dict[str, str], system: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    write(
        home(env),
        OS_linux={"pathsmap": [["/mnt/p", "/srv/p"]]},
        OS_macosx={"pathsmap": [["/Volumes/p", "/srv/p"]]},
        OS_windows={"pathsmap": [["P:/", "/srv/p"]]},
    )
    assert cgruconfig.load(env)["pathsmap"] == [[path, "/srv/p"]]


def test_a_name_behind_a_dash_is_switched_off(env: dict[str, str]) -> None:
    write(home(env), **{"-af_servername": "farm", "": "a note"})
    assert cgruconfig.load(env)["af_servername"] == "127.0.0.1"


@pytest.mark.parametrize("text", ["{", "[]", '{"other": 1}', '{"cgru_config": 3}', "[" * 9999])
def test_a_file_that_is_none_is_named_and_left_out(
    env: dict[str, str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home(env).parent.mkdir()
    home(env).write_text(text)
    assert cgruconfig.load(env)["af_servername"] == "127.0.0.1"
    assert str(home(env)) in capsys.readouterr().err


def test_a_nest_too_deep_is_named_and_left_out(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deep: dict[str, Any] = {}
    for _ in range(9_999):  # some Pythons read as much
        deep = {"OS_unix": deep}
    write(home(env))
    monkeypatch.setattr(json, "loads", lambda *_, **__: {"cgru_config": deep})
    assert cgruconfig.load(env)["af_servername"] == "127.0.0.1"
    assert str(home(env)) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"af_serverport": 70_000}, "af_serverport must be a number from 1 to 65535, not 70000"),
        ({"af_servername": 5}, "af_servername must be a text, not 5"),
        ({"pathsmap": {"/a": "/b"}}, "pathsmap must be a list, not {'/a': '/b'}"),
        ({"pathsmap": [5]}, "rule 1 of pathsmap is not [client, server]: 5"),
        ({"include": ["a" * 999]}, "is no file of CGRU's variables"),
    ],
)
def test_a_variable_that_cannot_be_is_named_and_left_out(
    env: dict[str, str],
    said: dict[str, Any],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(home(env), **said)
    found = cgruconfig.load(env)
    assert (found["af_servername"], found["af_serverport"]) == ("127.0.0.1", 51000)
    assert cgrupathmap.Pathmap.toServer("/a/b") == "/a/b"
    assert sentence in capsys.readouterr().err


def test_a_number_that_is_none_is_named(
    env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    env["AF_SERVERPORT"] = "many"
    assert cgruconfig.load(env)["af_serverport"] == 51000
    assert "af_serverport must be a number" in capsys.readouterr().err


def test_names_are_in_small_letters_and_without_a_domain(env: dict[str, str]) -> None:
    env |= {"CGRU_USERNAME": "STUDIO\\Ada", "AF_HOSTNAME": "WS1"}
    found = cgruconfig.load(env)
    assert (found["USERNAME"], found["HOSTNAME"]) == ("ada", "ws1")


def test_who_has_no_name_is_unknown(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    del env["USER"]
    assert cgruconfig.load(env)["USERNAME"] == "unknown"


def test_windows_keeps_the_users_file_in_appdata(env: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "app" / "cgru" / "config.json", af_servername="farm")
    env["APPDATA"] = str(tmp_path / "app")
    assert cgruconfig.load(env)["af_servername"] == "farm"


def test_tables_of_two_files_are_put_together(env: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "custom.json", colours={"a": 1, "b": 1})
    write(home(env), colours={"b": 2})
    env["CGRU_CUSTOM_CONFIG"] = str(tmp_path / "custom.json")
    assert cgruconfig.load(env)["colours"] == {"a": 1, "b": 2}
