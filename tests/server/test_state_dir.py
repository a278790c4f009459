"""The state folder of a first start, and of every one after it."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import stat
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from grange.server.secret import ADMIN_ID, parse
from grange.server.state_dir import StateDir, StateDirUnsafe, Whereabouts, outer_name, own_names

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_start_makes_what_only_its_owner_can_read(tmp_path: Path) -> None:
    folder = StateDir.prepare(tmp_path / "a" / "state")
    folder.ensure_certificate([])
    assert mode(folder.path) == 0o700
    assert {mode(path) for path in folder.path.iterdir()} == {0o600}


def test_the_admin_token_is_a_token_of_the_local_admin(tmp_path: Path) -> None:
    token = parse(StateDir.prepare(tmp_path / "state").admin_secret())
    assert token is not None
    assert token.credential_id == ADMIN_ID


def test_a_second_start_keeps_all_secrets(tmp_path: Path) -> None:
    first, second = (StateDir.prepare(tmp_path / "state") for _ in range(2))
    assert (first.admin_secret(), first.farm_key()) == (second.admin_secret(), second.farm_key())
    assert first.ensure_certificate(["a"]) == second.ensure_certificate(["b"])


def test_an_empty_folder_that_is_open_to_others_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    StateDir.prepare(tmp_path)
    assert mode(tmp_path) == 0o700


def test_a_folder_with_content_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    StateDir.prepare(tmp_path)
    tmp_path.chmod(0o750)
    with pytest.raises(StateDirUnsafe, match="chmod 700"):
        StateDir.prepare(tmp_path)


@pytest.mark.parametrize("name", ["admin.token", "farm.key"])
def test_a_secret_that_is_open_to_others_is_refused(tmp_path: Path, name: str) -> None:
    folder = StateDir.prepare(tmp_path)
    (tmp_path / name).chmod(0o644)
    with pytest.raises(StateDirUnsafe, match="chmod 600"):
        folder.admin_secret() if name == "admin.token" else folder.farm_key()


def test_the_fingerprint_is_the_sha256_of_the_certificate(tmp_path: Path) -> None:
    folder = StateDir.prepare(tmp_path)
    fingerprint = folder.ensure_certificate([])
    der = ssl.PEM_cert_to_DER_cert(folder.certificate.read_text())
    assert fingerprint == hashlib.sha256(der).hexdigest()


def test_the_certificate_is_good_for_the_names_of_the_machine(tmp_path: Path) -> None:
    folder = StateDir.prepare(tmp_path)
    folder.ensure_certificate(["farm.studio", "10.0.0.7"])
    found = x509.load_pem_x509_certificate(folder.certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "farm.studio"} <= set(names.get_values_for_type(x509.DNSName))
    assert "10.0.0.7" in {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}


def test_where_a_server_is_found_is_told_only_while_it_runs(tmp_path: Path) -> None:
    folder = StateDir.prepare(tmp_path)
    folder.announce(Whereabouts(url="http://127.0.0.1:7420", pid=1))
    assert b"7420" in folder.whereabouts.read_bytes()
    for _ in range(2):
        folder.withdraw()
    assert not folder.whereabouts.exists()


def test_a_machine_has_a_name() -> None:
    assert own_names()


def resolving(monkeypatch: pytest.MonkeyPatch, **names: str) -> None:
    """Let the machine be called `node`, and names mean addresses."""

    def lookup(name: str, _: None) -> list[object]:
        if name not in names:
            raise OSError
        return [(2, 1, 6, "", (names[name], 0))]

    monkeypatch.setattr(socket, "gethostname", lambda: "node")
    monkeypatch.setattr(socket, "getfqdn", lambda: "node.studio")
    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def test_a_name_that_means_an_outer_address_is_told_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, **{"node": "127.0.1.1", "node.studio": "10.0.0.7"})
    assert outer_name() == "node.studio"


def test_an_address_is_told_where_no_name_means_one(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, node="127.0.1.1")
    assert outer_name() == "node" or str(ip_address(outer_name()))
