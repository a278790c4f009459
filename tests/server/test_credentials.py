"""Credentials: durable before they count, secret but once, ended for good."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from grange.model.states import Role
from grange.server import credentials
from grange.server.credentials import Keyring
from grange.server.refusal import (
    BadField,
    Conflict,
    NoSuchCredential,
    TooManyAttempts,
    Unauthenticated,
)
from tests.server.keys import Clock, Drawer, admin_token

T = TypeVar("T")


class Kept:
    """A keyring with its store and clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.drawer = Drawer()
        self.ring = Keyring(self.drawer, self.clock)

    def again(self) -> Keyring:
        """The keyring of the next start."""
        ring = Keyring(self.drawer, self.clock)
        ring.load()
        return ring

    def code(self, expires_s: float = 600) -> bytes:
        return done(self.ring.issue_join(expires_s, ""))[1]

    def join(self, name: str = "node", code: bytes | None = None) -> tuple[str, str]:
        """A worker's new credential: its id and its token."""
        work = self.ring.join(code or self.code(), name, "", accept=False)
        record, token = done(work)
        return record.credential_id, token


def done(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_a_token_opens_what_was_issued_also_after_a_restart(kept: Kept) -> None:
    record, token = done(kept.ring.issue("ada", Role.ARTIST, note="laptop"))
    assert kept.again().find(token) == record


def test_the_store_never_sees_a_secret(kept: Kept) -> None:
    _, token = done(kept.ring.issue("ada", Role.ARTIST))
    secret = token.split(".")[2].encode()
    assert all(secret not in record.secret_hash for record in kept.drawer.credentials())


def test_what_is_shown_of_a_credential_has_no_secret(kept: Kept) -> None:
    record, token = done(kept.ring.issue("ada", Role.ARTIST))
    assert token.split(".")[2] not in str(kept.ring.view(record))


def test_an_expired_token_is_shown_as_expired(kept: Kept) -> None:
    record, _ = done(kept.ring.issue("ada", Role.ARTIST, expires_s=5))
    kept.clock.now += 5
    assert kept.ring.view(record).state == "expired"
    assert kept.ring.active(record.credential_id) is None


def test_the_owner_keeps_his_credential_over_restarts(kept: Kept) -> None:
    token = admin_token()
    kept.ring.ensure_admin(token, "owner")
    ring = kept.again()
    ring.ensure_admin(token, "owner")
    assert len(ring.views()) == 1


def test_a_new_token_file_takes_the_place_of_the_old_one(kept: Kept) -> None:
    old, new = admin_token(), admin_token()
    kept.ring.ensure_admin(old, "owner")
    kept.ring.ensure_admin(new, "owner")
    assert (kept.ring.find(old), kept.ring.find(new) is not None) == (None, True)


def test_a_revoked_owner_stays_revoked_until_the_file_is_new(kept: Kept) -> None:
    token = admin_token()
    kept.ring.ensure_admin(token, "owner")
    done(kept.ring.revoke("local-admin"))
    kept.ring.ensure_admin(token, "owner")
    assert kept.ring.active("local-admin") is None
    kept.ring.ensure_admin(admin_token(), "owner")
    assert kept.ring.active("local-admin")


@pytest.mark.parametrize("text", ["", "x", "grange.other.secret"])
def test_a_token_file_without_a_token_is_refused(kept: Kept, text: str) -> None:
    with pytest.raises(ValueError, match="delete it"):
        kept.ring.ensure_admin(text, "owner")


def test_who_joins_waits_until_accepted(kept: Kept) -> None:
    found, token = kept.join()
    record = kept.ring.find(token)
    assert record is not None
    assert (record.kind, record.name, record.state) == ("worker", "node", "pending")
    assert done(kept.ring.accept(found)).state == "active"


def test_a_farm_that_trusts_its_codes_needs_no_accepting(kept: Kept) -> None:
    record, _ = done(kept.ring.join(kept.code(), "node", "", accept=True))
    assert record.state == "active"


def test_several_machines_join_by_one_code(kept: Kept) -> None:
    code = kept.code()
    assert kept.join("a", code) != kept.join("b", code)


def test_a_code_that_is_too_old_lets_nobody_in(kept: Kept) -> None:
    code = kept.code(60)
    kept.clock.now += 60
    with pytest.raises(Unauthenticated):
        kept.join(code=code)


def test_a_revoked_code_lets_nobody_in(kept: Kept) -> None:
    record, code = done(kept.ring.issue_join(600, ""))
    done(kept.ring.revoke(record.credential_id))
    with pytest.raises(Unauthenticated):
        kept.join(code=code)


def test_a_code_is_no_token(kept: Kept) -> None:
    record, code = done(kept.ring.issue_join(600, ""))
    assert kept.ring.find(f"grange.{record.credential_id}.{code!r}") is None


@pytest.mark.parametrize("name", ["", "a b", "a/b", "<script>", "x" * 256, "a\n"])
def test_a_workers_name_is_plain(kept: Kept, name: str) -> None:
    with pytest.raises(BadField):
        kept.join(name)


def test_an_accepted_worker_takes_the_place_of_the_older_one(kept: Kept) -> None:
    ended: list[str] = []

    async def note(credential_id: str) -> None:
        ended.append(credential_id)

    kept.ring.tell(note)
    old, new = kept.join()[0], ""
    done(kept.ring.accept(old))
    new = kept.join()[0]
    assert kept.ring.active(old)
    done(kept.ring.accept(new))
    assert (ended, kept.ring.active(old)) == ([old], None)


def test_asking_again_voids_the_request_before(kept: Kept) -> None:
    first, _ = kept.join()
    kept.join()
    with pytest.raises(NoSuchCredential):
        kept.ring.get(first)


def test_only_so_many_wait_to_be_accepted(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "PENDING_MAX", 2)
    kept.join("a")
    kept.join("b")
    with pytest.raises(TooManyAttempts, match="wait to be accepted"):
        kept.join("c")
    kept.join("a")


def test_the_oldest_of_too_many_codes_is_dropped(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "JOIN_CODES_MAX", 2)
    codes = [kept.code() for _ in range(3)]
    with pytest.raises(Unauthenticated):
        kept.join(code=codes[0])
    kept.join(code=codes[1])


def test_codes_that_are_too_old_are_dropped(kept: Kept) -> None:
    kept.code(60)
    kept.clock.now += 60
    kept.code(600)
    assert len(kept.drawer.kept) == 1
    kept.clock.now += 600
    assert kept.again().views() == []


def test_a_revoked_credential_is_not_accepted(kept: Kept) -> None:
    found, _ = kept.join()
    done(kept.ring.revoke(found))
    with pytest.raises(Conflict):
        done(kept.ring.accept(found))


def test_accepting_twice_changes_nothing(kept: Kept) -> None:
    found, _ = kept.join()
    assert done(kept.ring.accept(found)) == done(kept.ring.accept(found))


def test_an_unknown_credential_is_named(kept: Kept) -> None:
    with pytest.raises(NoSuchCredential, match="'nothing'"):
        done(kept.ring.revoke("nothing"))
