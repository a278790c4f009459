from __future__ import annotations

import stat
from pathlib import Path

import pytest

from grange.cli.enlist import config_of_worker
from grange.cli.session import Refused
from grange.client.errors import UnusablePathMap
from grange.model.states import Nimby
from grange.wire.join import JoinCode, encode
from grange.worker.config import WorkerConfig, from_json, to_json
from tests.client.recorded import RecordedServer

SECRET = b"0123456789abcdef"


@pytest.fixture(autouse=True)
def surroundings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRANGE_SERVER", "GRANGE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GRANGE_HOME", "GRANGE_CONFIG_DIR"):
        monkeypatch.setenv(name, environment[name])


def code_of(server: RecordedServer) -> str:
    server.answer(
        "POST /join", {"credential_id": "ab12", "secret": "grange.ab12.s", "state": "pending"}
    )
    port = int(server.url.rpartition(":")[2])
    return encode(JoinCode(host="127.0.0.1", port=port, secret=SECRET))


def set_here(environment: dict[str, str], text: str) -> None:
    """Write the settings of this machine."""
    file = Path(environment["GRANGE_HOME"], "settings.toml")
    file.parent.mkdir()
    file.write_text(text)


def enlist(
    code: str = "", name: str = "", server: str | None = None, nimby: Nimby | None = None
) -> WorkerConfig:
    return config_of_worker(code=code, name=name, nimby=nimby, server=server, state_dir=None)


def test_a_code_gives_a_credential(server: RecordedServer) -> None:
    code = code_of(server)
    config = enlist(code, "node9", nimby=Nimby.NOBODY)
    assert server.last.json == {"code": code, "name": "node9"}
    assert "authorization" not in server.last.headers
    assert (config.credential, config.name, config.nimby) == (
        "grange.ab12.s",
        "node9",
        Nimby.NOBODY,
    )
    assert config.server == server.url.replace("http", "ws")


def test_a_machine_joins_once(server: RecordedServer) -> None:
    first = enlist(code_of(server))
    server.forget()
    assert enlist() == first
    assert not server.seen


def test_what_is_kept_of_joining_is_nobody_elses(server: RecordedServer) -> None:
    config = enlist(code_of(server))
    (path,) = config.state_folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.state_folder.stat().st_mode) == 0o700


@pytest.mark.proves("render.attributes.other_name")
def test_two_workers_on_one_machine_are_apart(server: RecordedServer) -> None:
    code = code_of(server)
    assert enlist(code, "a").state_folder != enlist(code, "b").state_folder


def test_the_server_on_this_machine_needs_no_code(environment: dict[str, str]) -> None:
    folder = Path(environment["GRANGE_HOME"])
    folder.mkdir()
    (folder / "server.json").write_text('{"url":"http://127.0.0.1:7420","pid":1}')
    (folder / "admin.token").write_text("local")
    (folder / "admin.token").chmod(0o600)
    config = enlist()
    assert (config.server, config.credential) == ("ws://127.0.0.1:7420", "local")


def test_without_any_farm_it_is_said_how_to_join() -> None:
    with pytest.raises(Refused, match="grange join-code"):
        enlist()


def test_another_farm_than_the_one_joined_needs_its_own_code(server: RecordedServer) -> None:
    enlist(code_of(server))
    with pytest.raises(Refused, match="without a code"):
        enlist(server="https://other:7420")


def test_a_slip_in_a_code_is_told(server: RecordedServer) -> None:
    code = code_of(server)
    with pytest.raises(Refused, match="slip"):
        enlist(code[:20] + ("a" if code[20] != "a" else "b") + code[21:])


def test_a_broken_membership_is_told(server: RecordedServer) -> None:
    (path,) = enlist(code_of(server)).state_folder.iterdir()
    path.write_text("{")
    with pytest.raises(Refused, match="join again"):
        enlist()


@pytest.mark.proves("render.path_maps.own_map")
def test_a_worker_takes_the_path_map_of_its_machine(
    server: RecordedServer, environment: dict[str, str]
) -> None:
    set_here(environment, '[path_map]\nall = [["/prj", "/mnt/prj"]]')
    config = enlist(code_of(server))
    assert config.paths.to_client("/mnt/prj/a") == "/prj/a"
    assert from_json(to_json(config)).paths == config.paths


def test_a_worker_does_not_start_with_a_map_that_cannot_be(
    server: RecordedServer, environment: dict[str, str]
) -> None:
    set_here(environment, '[path_map]\nall = [["/prj"]]')
    with pytest.raises(UnusablePathMap, match="rule all 1"):
        enlist(code_of(server))


def test_a_worker_takes_the_settings_of_its_machine(
    server: RecordedServer, environment: dict[str, str]
) -> None:
    set_here(environment, 'lease_s = 9\n[machine]\ndisk_devices = ["sda"]')
    config = enlist(code_of(server))
    assert config.machine.disk_devices == ("sda",)
    assert from_json(to_json(config)).machine == config.machine


@pytest.mark.parametrize("text", ["[machine]\nx = 1", "[machine", "[machine]\ndisk_path = 1"])
def test_a_worker_does_not_start_with_settings_that_cannot_be(
    server: RecordedServer, environment: dict[str, str], text: str
) -> None:
    code = code_of(server)
    set_here(environment, text)
    with pytest.raises((Refused, UnusablePathMap), match=r"settings\.toml"):
        enlist(code)
