"""Who may come in, and which pages may send requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grange.core.commands import DeletePool, SubmitJob
from grange.doors.afanasy.access import Access, claimed
from grange.doors.afanasy.digest import Challenge, Digest, Passwords
from grange.doors.afanasy.framing import Get, Post
from grange.model.states import Role
from grange.server.auth import Principal
from grange.server.refusal import BadField, BadHost, BadOrigin, Forbidden
from tests.doors.afanasy.test_digest import Page, digest_of
from tests.server.keys import Clock

OUTSIDE = "203.0.113.5"
INSIDE = "10.0.0.7"


def access(
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128"),
    digest: Digest | None = None,
    role: Role = Role.ADMIN,
    hosts: tuple[str, ...] = ("farm",),
) -> Access:
    return Access(allow=allow, digest=digest, role=role, hosts=hosts)


@pytest.fixture
def digest(tmp_path: Path) -> Digest:
    file = tmp_path / ".htdigest"
    file.write_text(f"ann:CGRU:{digest_of('ann', 'secret')}\n")
    return Digest(Passwords(file), Clock())


def entered(found: Principal | Challenge) -> Principal:
    assert isinstance(found, Principal)
    return found


def test_only_this_machine_may_come_in_where_nobody_says_otherwise() -> None:
    door = access()
    assert [door.admits(address) for address in ("127.0.0.1", "127.9.9.9", "::1")] == [True] * 3
    assert [door.admits(address) for address in (INSIDE, "::2", "", "nonsense")] == [False] * 4


@pytest.mark.proves("afanasy.security.networks")
def test_a_network_may_come_in() -> None:
    door = access(("10.0.0.0/24", "fe80::/10", "192.168.1.5"))
    inside = (INSIDE, "fe80::1%eth0", "192.168.1.5")
    assert all(door.trusts(address) for address in inside)
    assert not any(door.trusts(address) for address in ("10.0.1.7", "127.0.0.1", "192.168.1.6"))


def test_who_comes_from_there_is_whom_he_says_and_the_audit_doubts_it() -> None:
    found = entered(access().enter({"get": {"user_name": "jimmy"}}, "127.0.0.1"))
    assert (found.user, found.signature) == ("jimmy", "jimmy (unverified)")
    assert (found.role, found.address) == (Role.ADMIN, "127.0.0.1")


def test_who_does_not_say_is_nobody() -> None:
    assert entered(access().enter({}, "127.0.0.1")).signature == "nobody (unverified)"


def test_the_role_bounds_what_may_be_done() -> None:
    found = entered(access(role=Role.ARTIST).enter({"get": {"user_name": "jimmy"}}, "::1"))
    found.require(SubmitJob, "jimmy")
    for deed, owner in ((SubmitJob, "ann"), (DeletePool, None)):
        with pytest.raises(Forbidden):
            found.require(deed, owner)


def test_from_elsewhere_a_password_is_needed(digest: Digest) -> None:
    door = access(digest=digest)
    assert door.admits(OUTSIDE)
    assert isinstance(door.enter({"get": {"user_name": "ann"}}, OUTSIDE), Challenge)


def test_who_has_shown_it_is_verified_whatever_else_he_says(digest: Digest) -> None:
    door = access(digest=digest)
    auth = Page(digest, OUTSIDE).auth(1)
    found = entered(door.enter({"action": {"user_name": "bob"}, "auth": auth}, OUTSIDE))
    assert (found.user, found.signature, found.by) == ("ann", "ann", "digest")


def test_without_a_password_to_ask_for_nobody_else_may_come_in() -> None:
    with pytest.raises(Forbidden):
        access().enter({}, OUTSIDE)


def test_a_message_that_can_carry_no_password_comes_from_a_network_that_needs_none(
    digest: Digest,
) -> None:
    door = access(digest=digest)
    assert door.machine("127.0.0.1").user == ""
    with pytest.raises(Forbidden):
        door.machine(OUTSIDE)


def test_pictures_are_seen_where_somebody_has_shown_a_password(digest: Digest) -> None:
    door = access(digest=digest)
    assert door.sees_pictures("127.0.0.1")
    assert not door.sees_pictures(OUTSIDE)
    door.enter({"auth": Page(digest, OUTSIDE).auth(1)}, OUTSIDE)
    assert door.sees_pictures(OUTSIDE)
    assert not access().sees_pictures(OUTSIDE)


@pytest.mark.parametrize(
    ("root", "name"),
    [
        ({"job": {"user_name": "ann"}}, "ann"),
        ({"user": {"name": "bob"}}, "bob"),
        ({"monitor": {"user_name": "cid"}}, "cid"),
        ({"get": {}, "action": []}, ""),
        ({"announce": "x"}, ""),
    ],
)
def test_the_name_stands_where_the_request_has_it(root: dict[str, Any], name: str) -> None:
    assert claimed(root) == name


@pytest.mark.parametrize("name", [5, ["a"], "a\nb", "x" * 300, "\x1b[31m"])
def test_what_is_no_name_is_refused(name: Any) -> None:
    with pytest.raises(BadField, match=r"get\.user_name"):
        claimed({"get": {"user_name": name}})


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:51000", "127.0.0.1:51000", "[::1]:51000", "FARM", "10.0.0.1:1"],
)
def test_a_request_is_meant_for_a_name_of_this_server(host: str) -> None:
    access().check_page(Get("/", host), "10.0.0.1")


@pytest.mark.parametrize(
    "host", ["", "evil.test", "evil.test:51000", "10.0.0.2", "[::", "a@farm:x"]
)
def test_one_that_is_meant_for_another_name_is_refused(host: str) -> None:
    with pytest.raises(BadHost):
        access().check_page(Get("/", host), "10.0.0.1")


def test_a_page_of_this_server_may_send_requests() -> None:
    access().check_page(Post(b"", "farm:51000", "http://farm:51000", True), "10.0.0.1")
    access().check_page(Post(b"", "farm:51000", None, True), "10.0.0.1")


@pytest.mark.parametrize(
    ("origin", "marked"),
    [
        ("http://evil.test", True),
        ("null", True),
        ("http://farm", True),
        ("http://[", True),
        (None, False),
        ("http://farm:51000", False),
    ],
)
def test_a_page_of_another_may_not(origin: str | None, marked: bool) -> None:
    with pytest.raises(BadOrigin):
        access().check_page(Post(b"", "farm:51000", origin, marked), "10.0.0.1")
