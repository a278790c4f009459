"""Who sends a request, and what is told to those whom nobody knows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grange.model.states import Role
from grange.server.attempts import ADDRESSES_MAX, LIMIT, WINDOW_S, Attempts
from grange.server.auth import Gate, Principal
from grange.server.credentials import Keyring
from grange.server.permissions import Act
from grange.server.refusal import (
    BadField,
    BadOrigin,
    Forbidden,
    TooManyAttempts,
    Unauthenticated,
)
from grange.server.sessions import LINK_S, LINKS_MAX, Session, Sessions
from tests.server.keys import Clock, Drawer, admin_token


class Doorway:
    """A gate with a keyring, a clock and an admin."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.keyring = Keyring(Drawer(), self.clock)
        self.admin = admin_token()
        self.keyring.ensure_admin(self.admin, "owner")
        self.sessions = Sessions(b"k" * 32, 3_600, self.clock)
        self.gate = Gate(self.keyring, self.sessions, self.clock)

    def token(self, name: str, role: Role, expires_s: float = 0) -> str:
        return asyncio.run(self.keyring.issue(name, role, expires_s=expires_s))[1]

    def ask(self, token: str | None = None, **fields: Any) -> Principal:
        fields.setdefault("address", "10.0.0.1")
        fields.setdefault("cookie", None)
        shown = f"Bearer {token}" if token is not None else None
        return self.gate.authenticate(authorization=shown, **fields)

    def signed_in(self, user: str = "owner") -> str:
        """A session's cookie, by way of a login link."""
        link = self.sessions.make_link("local-admin", user)
        return self.sessions.seal(self.gate.sign_in(link, "10.0.0.1"))


@pytest.fixture
def door() -> Doorway:
    return Doorway()


def test_a_token_names_its_holder(door: Doorway) -> None:
    found = door.ask(door.token("ada", Role.ARTIST))
    assert (found.user, found.role, found.signature) == ("ada", Role.ARTIST, "ada")


@pytest.mark.parametrize(
    "text",
    ["", "x", "grange.local-admin.", "grange.local-admin.wrong", "grange.nobody.x", "a.b.c" * 99],
)
def test_a_wrong_token_is_nobodys(door: Doorway, text: str) -> None:
    with pytest.raises(Unauthenticated):
        door.ask(text)


def test_without_token_and_cookie_nobody_asks(door: Doorway) -> None:
    with pytest.raises(Unauthenticated, match="nobody is signed in"):
        door.ask()


def test_only_the_bearer_scheme_is_known(door: Doorway) -> None:
    with pytest.raises(Unauthenticated):
        door.gate.authenticate(address="::1", authorization=f"Basic {door.admin}", cookie=None)


def test_a_token_ends_when_it_says(door: Doorway) -> None:
    token = door.token("ada", Role.ARTIST, expires_s=60)
    door.clock.now += 60
    with pytest.raises(Unauthenticated):
        door.ask(token)


def test_who_asks_is_known_only_until_token_and_session_end(door: Doorway) -> None:
    until = door.clock.now + 60
    record, token = asyncio.run(door.keyring.issue("ada", Role.ARTIST, expires_s=60))
    link = door.sessions.make_link(record.credential_id, "ada")
    cookie = door.sessions.seal(door.gate.sign_in(link, "10.0.0.1"))
    assert [door.ask(token).expires, door.ask(cookie=cookie).expires] == [until, until]
    assert door.ask(cookie=door.signed_in()).expires == door.clock.now + 3_600


def test_a_revoked_token_is_refused(door: Doorway) -> None:
    token = door.token("ada", Role.ARTIST)
    asyncio.run(door.keyring.revoke(token.split(".")[1]))
    with pytest.raises(Unauthenticated, match="revoked"):
        door.ask(token)


@pytest.mark.parametrize("role", [Role.WRANGLER, Role.ADMIN])
def test_who_may_act_for_others_is_audited_with_both_names(door: Doorway, role: Role) -> None:
    found = door.ask(door.token("wren", role), acts_for="ada")
    assert (found.user, found.role, found.signature) == ("ada", role, "wren as ada")


@pytest.mark.parametrize("role", [Role.SUBMIT, Role.VIEWER, Role.ARTIST])
def test_others_act_only_for_themselves(door: Doorway, role: Role) -> None:
    token = door.token("ada", role)
    assert door.ask(token, acts_for="ada").user == "ada"
    with pytest.raises(Forbidden):
        door.ask(token, acts_for="eve")


@pytest.mark.parametrize("name", ["x" * 256, "a\nb", "a\x1b[31m"])
def test_a_users_name_can_be_shown(door: Doorway, name: str) -> None:
    with pytest.raises(BadField):
        door.ask(door.admin, acts_for=name)


def test_a_login_link_gives_a_session_of_the_same_user(door: Doorway) -> None:
    found = door.ask(cookie=door.signed_in("ada"))
    assert (found.user, found.role, found.by) == ("ada", Role.ADMIN, "session")


def test_a_login_link_is_good_once(door: Doorway) -> None:
    link = door.sessions.make_link("local-admin", "ada")
    door.gate.sign_in(link, "10.0.0.1")
    with pytest.raises(Unauthenticated, match="was used"):
        door.gate.sign_in(link, "10.0.0.1")


def test_a_login_link_is_good_for_a_short_time(door: Doorway) -> None:
    link = door.sessions.make_link("local-admin", "ada")
    door.clock.now += LINK_S
    with pytest.raises(Unauthenticated):
        door.gate.sign_in(link, "10.0.0.1")


def test_login_links_that_nobody_uses_are_dropped(door: Doorway) -> None:
    links = [door.sessions.make_link("local-admin", "ada") for _ in range(LINKS_MAX + 1)]
    with pytest.raises(Unauthenticated):
        door.gate.sign_in(links[0], "10.0.0.1")
    assert door.gate.sign_in(links[1], "10.0.0.1").user == "ada"


def test_a_session_ends_with_its_time(door: Doorway) -> None:
    cookie = door.signed_in()
    door.clock.now += 3_600
    with pytest.raises(Unauthenticated, match="over"):
        door.ask(cookie=cookie)


def test_a_session_ends_with_its_credential(door: Doorway) -> None:
    cookie = door.signed_in()
    asyncio.run(door.keyring.revoke("local-admin"))
    with pytest.raises(Unauthenticated):
        door.ask(cookie=cookie)


def test_a_cookie_that_was_changed_is_refused(door: Doorway) -> None:
    body, _, sign = door.signed_in().partition(".")
    forged = Sessions(b"another key" * 3, 3_600, door.clock).seal(
        Session(credential_id="local-admin", user="owner", expires=9e9)
    )
    for cookie in (forged, f"{body}.", f"A{body[1:]}.{sign}", "", ".", "é.é", "x" * 9_999):
        with pytest.raises(Unauthenticated):
            door.ask(cookie=cookie)


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "WEBSOCKET"])
def test_a_session_changes_nothing_without_the_origin_that_browsers_send(
    door: Doorway, method: str
) -> None:
    cookie = door.signed_in()
    assert door.ask(cookie=cookie, method=method, origin="https://farm").user == "owner"
    with pytest.raises(BadOrigin):
        door.ask(cookie=cookie, method=method)


def test_wrong_tokens_are_answered_only_so_often(door: Doorway) -> None:
    for _ in range(LIMIT):
        with pytest.raises(Unauthenticated):
            door.ask("grange.a.b")
    with pytest.raises(TooManyAttempts):
        door.ask("grange.a.b")


def test_a_good_token_passes_whoever_else_tries_at_its_address(door: Doorway) -> None:
    attempts = door.gate.attempts
    for _ in range(LIMIT):
        attempts.fail("10.0.0.1")
    assert door.ask(door.admin).user == "owner"


def test_wrong_tries_are_forgotten_after_a_while() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(LIMIT):
        attempts.fail("10.0.0.1")
    with pytest.raises(TooManyAttempts) as refused:
        attempts.check("10.0.0.1")
    clock.now += refused.value.retry_s
    attempts.check("10.0.0.1")


def test_a_new_window_counts_anew() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(LIMIT - 1):
        attempts.fail("10.0.0.1")
    clock.now += WINDOW_S
    attempts.fail("10.0.0.1")
    attempts.check("10.0.0.1")


def test_one_party_has_64_bits_of_ipv6_addresses() -> None:
    attempts = Attempts(Clock())
    for number in range(LIMIT):
        attempts.fail(f"2001:db8::{number:x}")
    with pytest.raises(TooManyAttempts):
        attempts.check("2001:db8::ffff")
    attempts.check("2001:db8:0:1::")


def test_only_so_many_addresses_are_remembered() -> None:
    attempts = Attempts(Clock())
    for _ in range(LIMIT):
        attempts.fail("a name")
    for number in range(ADDRESSES_MAX):
        attempts.fail(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    attempts.check("a name")


def test_a_workers_link_needs_a_workers_token(door: Doorway) -> None:
    artist = door.token("ada", Role.ARTIST)
    with pytest.raises(Forbidden):
        door.gate.worker(address="10.0.0.1", authorization=f"Bearer {artist}", local=True)


def test_the_owner_may_link_a_worker_from_this_machine_alone(door: Doorway) -> None:
    shown = f"Bearer {door.admin}"
    found = door.gate.worker(address="127.0.0.1", authorization=shown, local=True)
    assert found.credential_id == "local-admin"
    with pytest.raises(Forbidden):
        door.gate.worker(address="10.0.0.1", authorization=shown, local=False)


def test_a_worker_may_do_nothing_but_its_link(door: Doorway) -> None:
    _, secret = asyncio.run(door.keyring.issue("node", Role.WORKER))
    found = door.ask(secret)
    for act in Act:
        with pytest.raises(Forbidden):
            found.require(act)
