from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from grange.client.errors import NoServer
from grange.client.places import Place, find

PIN = "ab" * 32


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"GRANGE_HOME": str(tmp_path / "state"), "GRANGE_CONFIG_DIR": str(tmp_path)}


def run_local(environment: Mapping[str, str], url: str = "http://127.0.0.1:7420") -> Path:
    """Leave what a server on this machine leaves. The file of its token."""
    folder = Path(environment["GRANGE_HOME"])
    folder.mkdir(mode=0o700)
    (folder / "server.json").write_text(f'{{"url":"{url}","fingerprint":"","pid":1}}')
    token = folder / "admin.token"
    token.write_text("local\n")
    token.chmod(0o600)
    return token


def configure(environment: Mapping[str, str], text: str, mode: int = 0o600) -> None:
    path = Path(environment["GRANGE_CONFIG_DIR"]) / "client.toml"
    path.write_text(text)
    path.chmod(mode)


def test_without_any_word_there_is_no_server(environment: dict[str, str]) -> None:
    with pytest.raises(NoServer, match="grange up"):
        find(environment=environment)


def test_a_server_on_this_machine_is_found(environment: dict[str, str]) -> None:
    token = run_local(environment)
    place = find(environment=environment)
    assert (place.url, place.token) == ("http://127.0.0.1:7420", "local")
    assert place.found == f"by {token.parent / 'server.json'}"


def test_the_environment_goes_before_what_is_found(environment: dict[str, str]) -> None:
    run_local(environment)
    environment |= {"GRANGE_SERVER": "https://farm:7420", "GRANGE_TOKEN": "mine"}
    assert find(environment=environment).url == "https://farm:7420"


def test_what_is_told_goes_before_the_environment(environment: dict[str, str]) -> None:
    environment |= {"GRANGE_SERVER": "https://farm:7420", "GRANGE_TOKEN": "mine"}
    place = find("https://other:1", "told", PIN, environment=environment)
    assert place == Place(url="https://other:1", token="told", fingerprint=PIN)


def test_a_token_is_not_sent_to_another_server_than_its_own(environment: dict[str, str]) -> None:
    run_local(environment)
    configure(environment, 'server = "https://farm:7420"\ntoken = "t"\n')
    assert find("https://foreign:7420", environment=environment).token == ""
    assert find("https://farm:7420", environment=environment).token == "t"
    assert find("http://127.0.0.1:7420", environment=environment).token == "local"


def test_the_file_of_the_user_is_read_last(environment: dict[str, str]) -> None:
    configure(environment, f'server = "https://farm:7420"\ntoken = "t"\nfingerprint = "{PIN}"\n')
    place = find(environment=environment)
    assert (place.url, place.token, place.fingerprint) == ("https://farm:7420", "t", PIN)


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("127.0.0.1:7420", "http://127.0.0.1:7420"),
        ("farm:7420", "https://farm:7420"),
        ("https://Farm.studio/", "https://farm.studio"),
        ("https://[::1]:7420/path", "https://[::1]:7420"),
    ],
)
def test_an_address_is_read_as_people_write_it(
    environment: dict[str, str], said: str, url: str
) -> None:
    assert find(said, environment=environment).url == url


@pytest.mark.parametrize("said", ["ftp://farm", "https://farm:port", "https://"])
def test_what_is_no_address_is_refused(environment: dict[str, str], said: str) -> None:
    with pytest.raises(NoServer):
        find(said, environment=environment)


def test_a_token_does_not_cross_a_network_in_the_clear(environment: dict[str, str]) -> None:
    with pytest.raises(NoServer, match="in the clear"):
        find("http://farm:7420", "secret", environment=environment)
    assert find("http://farm:7420", "", environment=environment).token == ""


def test_a_fingerprint_is_read_with_and_without_colons(environment: dict[str, str]) -> None:
    spaced = ":".join(["AB"] * 32)
    assert find("https://farm", fingerprint=spaced, environment=environment).fingerprint == PIN
    with pytest.raises(NoServer, match="64 hex digits"):
        find("https://farm", fingerprint="abc", environment=environment)


@pytest.mark.parametrize("text", ["server = 5", "servr = 'https://farm'", "server = ", ""])
def test_a_broken_file_is_named(environment: dict[str, str], text: str) -> None:
    configure(environment, text)
    with pytest.raises(NoServer, match=r"client\.toml cannot be used"):
        find(environment=environment)


def test_a_token_that_others_can_read_is_refused(environment: dict[str, str]) -> None:
    configure(environment, 'server = "https://farm"\ntoken = "t"\n', mode=0o644)
    with pytest.raises(NoServer, match="chmod 600"):
        find(environment=environment)
    run_local(environment).chmod(0o640)
    with pytest.raises(NoServer, match="chmod 600"):
        find(environment=environment)


def test_websockets_have_their_own_address() -> None:
    assert Place(url="https://farm:1").watch_url == "wss://farm:1"
    assert Place(url="http://127.0.0.1:1").watch_url == "ws://127.0.0.1:1"
