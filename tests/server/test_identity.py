"""What a server shows of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grange.server import identity
from grange.server.config import Settings
from grange.server.state_dir import StateDir, fingerprint, own_names


def settings_in(folder: Path, **settings: Any) -> Settings:
    return Settings(state_dir=folder / "farm", **settings)


def test_requests_from_this_machine_alone_need_no_name_of_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, allowed_hosts=("farm",), address="farm.studio")
    assert identity.names(settings, "127.0.0.1") == ["farm", "farm.studio"]


def test_requests_from_others_may_name_it(tmp_path: Path) -> None:
    assert set(own_names()) <= set(identity.names(settings_in(tmp_path), "0.0.0.0"))


def test_there_is_no_certificate_where_none_is_needed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert identity.certificate(settings, StateDir.prepare(settings.state_dir)) == (None, "")


def test_a_certificate_of_its_own_is_made_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, tls=True)
    folder = StateDir.prepare(settings.state_dir)
    tls, mark = identity.certificate(settings, folder)
    assert tls is not None
    assert mark == fingerprint(tls.certificate) == identity.certificate(settings, folder)[1]


def test_a_certificate_that_is_set_is_shown(tmp_path: Path) -> None:
    other = StateDir.prepare(tmp_path / "other")
    mark = other.ensure_certificate(["farm"])
    settings = settings_in(
        tmp_path, tls=True, tls_certificate=other.certificate, tls_key=other.certificate_key
    )
    tls, found = identity.certificate(settings, StateDir.prepare(settings.state_dir))
    assert tls is not None
    assert (tls.certificate, tls.key, found) == (other.certificate, other.certificate_key, mark)
