"""Settings: where they come from, which wins, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.server.config import BadSetting, Settings, load


def home(folder: Path, text: str = "") -> dict[str, str]:
    """An environment whose state folder has such a file."""
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return {"GRANGE_HOME": str(folder)}


def test_without_a_word_only_this_machine_can_reach_the_server(tmp_path: Path) -> None:
    settings = load({}, home(tmp_path))
    assert (settings.listen, settings.local_only, settings.encrypted) == ("127.0.0.1", True, False)


def test_the_state_folder_is_named_by_the_environment(tmp_path: Path) -> None:
    assert load({}, home(tmp_path)).state_dir == tmp_path


def test_the_command_line_names_the_state_folder_before_the_environment(tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert load({"state_dir": other}, home(tmp_path)).state_dir == other


def test_the_file_is_read_from_the_state_folder(tmp_path: Path) -> None:
    assert load({}, home(tmp_path, "port = 1234")).port == 1234


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    assert load({}, home(tmp_path, "port = 1234") | {"GRANGE_PORT": "4321"}).port == 4321


def test_the_command_line_wins_over_all(tmp_path: Path) -> None:
    environment = home(tmp_path, "port = 1234") | {"GRANGE_PORT": "4321"}
    assert load({"port": 99, "listen": None}, environment).port == 99


def test_an_unknown_setting_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(
        BadSetting, match=r"settings\.toml: there is no setting 'prot'; did you .*port"
    ):
        load({}, home(tmp_path, "prot = 1"))


@pytest.mark.parametrize(
    ("variable", "field"),
    [("GRANGE_PORT", "port"), ("GRANGE_LEASE_S", "lease_s"), ("GRANGE_TLS", "tls")],
)
def test_a_wrong_value_is_named_with_its_source(tmp_path: Path, variable: str, field: str) -> None:
    with pytest.raises(BadSetting, match=f"the environment: {field}: "):
        load({}, home(tmp_path) | {variable: "many"})


def test_a_list_in_the_environment_is_separated_by_commas(tmp_path: Path) -> None:
    settings = load({}, home(tmp_path) | {"GRANGE_ALLOWED_HOSTS": "farm, render.studio"})
    assert settings.allowed_hosts == ("farm", "render.studio")


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("0", False), ("FALSE", False)])
def test_a_switch_in_the_environment_is_a_word(tmp_path: Path, text: str, value: bool) -> None:
    settings = load({}, home(tmp_path) | {"GRANGE_WORKER_ACCEPT": text})
    assert settings.worker_accept is value


def test_a_folder_in_the_environment_is_a_path(tmp_path: Path) -> None:
    environment = home(tmp_path) | {"GRANGE_TLS_CERTIFICATE": "/a", "GRANGE_TLS_KEY": "/b"}
    assert load({}, environment).tls_certificate == Path("/a")


def test_a_file_that_is_not_toml_is_named_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"settings\.toml is not TOML: .*line 1"):
        load({}, home(tmp_path, "port = = 1"))


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    environment = home(tmp_path)
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSetting, match=r"settings\.toml cannot be read"):
        load({}, environment)


def test_the_file_cannot_move_its_own_folder(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="state_dir cannot be set"):
        load({}, home(tmp_path, 'state_dir = "/elsewhere"'))


def test_beyond_loopback_there_is_always_tls(tmp_path: Path) -> None:
    assert load({"listen": "0.0.0.0"}, home(tmp_path)).encrypted


def test_beyond_loopback_without_tls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="in the clear"):
        load({"listen": "0.0.0.0", "tls": False}, home(tmp_path))


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="go together"):
        load({}, home(tmp_path, 'tls_certificate = "/a"'))


def test_a_lease_shorter_than_its_beats_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="lease_s = 4 is too short"):
        load({}, home(tmp_path, "lease_s = 4"))


def test_without_a_word_only_this_machine_reaches_the_door_of_afanasy(tmp_path: Path) -> None:
    settings = load({}, home(tmp_path))
    assert settings.afanasy
    assert settings.afanasy_listen == "127.0.0.1"
    assert settings.afanasy_allow == ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize("allow", ["", "127.0.0.0/8,::1"])
def test_the_door_of_afanasy_is_not_open_to_anybody(tmp_path: Path, allow: str) -> None:
    environment = home(tmp_path) | {
        "GRANGE_AFANASY_LISTEN": "0.0.0.0",
        "GRANGE_AFANASY_ALLOW": allow,
    }
    with pytest.raises(BadSetting, match=r"afanasy_allow = .*afanasy_digest_file"):
        load({}, environment)
    assert load({"afanasy": False}, environment).afanasy_listen == "0.0.0.0"


@pytest.mark.parametrize(
    ("name", "value"), [("ALLOW", "10.0.0.0/24"), ("DIGEST_FILE", "/etc/htdigest")]
)
def test_it_is_open_to_a_network_or_with_passwords(tmp_path: Path, name: str, value: str) -> None:
    found = load({"afanasy_listen": "0.0.0.0"}, home(tmp_path) | {f"GRANGE_AFANASY_{name}": value})
    assert found.afanasy_listen == "0.0.0.0"


def test_what_is_no_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"afanasy_allow: '10\.0\.0' is no network"):
        load({}, home(tmp_path, 'afanasy_allow = ["10.0.0"]'))


def test_a_workers_lease_ends_before_the_servers() -> None:
    settings = Settings(state_dir=Path("/nowhere"))
    assert settings.worker_lease_s < settings.lease_s


def test_every_setting_says_what_it_means() -> None:
    source = Path(load.__code__.co_filename).read_text(encoding="utf-8")
    lines = source.split("class Settings")[1].split("@property")[0].splitlines()
    for name in Settings.__struct_fields__:
        at = next(n for n, line in enumerate(lines) if line.startswith(f"    {name}: "))
        assert "#: " in lines[at] or lines[at - 1].startswith("    #: "), name


def test_the_path_map_is_a_section_of_the_file(tmp_path: Path) -> None:
    text = '[path_map]\nwindows = [["P:/", "/mnt/p"]]'
    assert load({}, home(tmp_path, text)).path_map.windows == (("P:/", "/mnt/p"),)


def test_a_wrong_rule_of_the_path_map_is_named(tmp_path: Path) -> None:
    text = '[path_map]\nwindows = [["P:/", "mnt/p"]]'
    with pytest.raises(BadSetting, match=r"settings\.toml: path_map: rule windows 1.* absolute"):
        load({}, home(tmp_path, text))


def test_what_is_set_for_the_worker_of_the_machine_is_a_section_of_the_file(
    tmp_path: Path,
) -> None:
    text = '[machine]\nresources_classes = ["iostat"]\nhide_gpus = true'
    found = load({}, home(tmp_path, text)).machine
    assert (found.resources_classes, found.hide_gpus) == (("iostat",), True)


def test_a_wrong_setting_of_the_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"settings\.toml: machine: .*`hide_gpu`"):
        load({}, home(tmp_path, "[machine]\nhide_gpu = true"))
