"""The authentication that the web page speaks."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grange.doors.afanasy.digest import (
    NONCE_S,
    NONCES_MAX,
    WINDOW,
    Challenge,
    Digest,
    Passwords,
    answer,
    parse,
)
from grange.server.attempts import LIMIT
from grange.server.refusal import TooManyAttempts
from tests.server.keys import Clock

HERE = "10.0.0.7"


def digest_of(user: str, password: str, realm: str = "CGRU") -> str:
    return hashlib.md5(f"{user}:{realm}:{password}".encode()).hexdigest()


class Page:
    """What the web page does to be let in."""

    def __init__(self, door: Digest, address: str = HERE) -> None:
        self.door = door
        self.address = address
        found = door.who(None, address)
        assert isinstance(found, Challenge)
        self.challenge = found

    def auth(
        self, count: int | str, password: str = "secret", user: str = "ann"
    ) -> dict[str, Any]:
        nonce = self.challenge.nonce
        response = answer(digest_of(user, password), nonce, count).decode()
        return {"user_name": user, "nonce": nonce, "nc": count, "response": response}

    def ask(self, count: int | str, **said: str) -> str | None:
        """Who it is taken for; None: it is asked again."""
        found = self.door.who(self.auth(count, **said), self.address)
        return found if isinstance(found, str) else None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".htdigest"
    path.write_text(f"ann:CGRU:{digest_of('ann', 'secret')}\n")
    return path


@pytest.fixture
def door(file: Path, clock: Clock) -> Digest:
    return Digest(Passwords(file), clock)


def test_who_knows_the_password_is_let_in(door: Digest) -> None:
    assert Page(door).ask(1) == "ann"


def test_the_challenge_has_the_realm_of_the_file(file: Path, clock: Clock) -> None:
    file.write_text(f"bob:studio:{digest_of('bob', 'x', 'studio')}\n")
    assert Page(Digest(Passwords(file), clock)).challenge.realm == "studio"


@pytest.mark.parametrize("said", [{"password": "wrong"}, {"user": "bob"}])
def test_who_does_not_is_asked_again(door: Digest, said: dict[str, str]) -> None:
    assert Page(door).ask(1, **said) is None


@pytest.mark.parametrize(
    "auth",
    [
        None,
        5,
        [],
        {},
        {"user_name": "ann"},
        {"user_name": "ann", "nonce": "", "nc": "x", "response": ""},
    ],
)
def test_what_is_no_answer_is_asked_again(door: Digest, auth: Any) -> None:
    assert isinstance(door.who(auth, HERE), Challenge)


def test_a_count_is_good_once(door: Digest) -> None:
    page = Page(door)
    assert page.ask(5) == "ann"
    assert page.ask(5) is None
    assert page.ask("6") == "ann"
    assert page.ask(6) is None


def test_requests_that_overtake_each_other_are_all_let_in(door: Digest) -> None:
    page = Page(door)
    assert [page.ask(count) for count in (3, 1, 4, 2)] == ["ann"] * 4
    assert [page.ask(count) for count in (1, 2, 3, 4)] == [None] * 4


@given(st.lists(st.integers(-2, 4 * WINDOW), max_size=50))
def test_no_count_is_ever_good_twice(counts: list[int]) -> None:
    page = Page(Digest(_Known(), Clock()))
    taken = [count for count in counts if page.ask(count) == "ann"]
    assert len(taken) == len(set(taken))
    assert all(count > 0 for count in taken)


class _Known(Passwords):
    """Passwords without a file."""

    def __init__(self) -> None:
        super().__init__(Path())

    def of(self, user: str) -> str | None:
        return digest_of("ann", "secret") if user == "ann" else None


def test_a_count_far_behind_is_not_good_any_more(door: Digest) -> None:
    page = Page(door)
    assert page.ask(WINDOW + 1) == "ann"
    assert page.ask(1) is None
    assert page.ask(2) == "ann"


def test_a_nonce_is_of_one_address(door: Digest) -> None:
    page = Page(door)
    page.address = "10.0.0.8"
    assert page.ask(1) is None


def test_a_nonce_lives_from_its_last_use_on(door: Digest, clock: Clock) -> None:
    page = Page(door)
    for count in range(1, 4):
        clock.now += NONCE_S - 1
        assert page.ask(count) == "ann"
    clock.now += NONCE_S
    assert page.ask(4) is None


def test_an_address_is_known_for_as_long(door: Digest, clock: Clock) -> None:
    assert not door.knows(HERE)
    assert Page(door).ask(1) == "ann"
    assert door.knows(HERE)
    assert not door.knows("10.0.0.8")
    clock.now += NONCE_S
    assert not door.knows(HERE)


def test_who_guesses_is_stopped_even_if_he_guesses_right_at_last(door: Digest) -> None:
    page = Page(door)
    for count in range(1, LIMIT + 1):
        assert page.ask(count, password="wrong") is None
    with pytest.raises(TooManyAttempts):
        page.ask(LIMIT + 1)


def test_nonces_do_not_pile_up(door: Digest) -> None:
    page = Page(door)
    for _ in range(NONCES_MAX):
        door.who(None, HERE)
    assert page.ask(1) is None
    assert len(door._nonces) == NONCES_MAX


def test_the_file_is_read_again_when_it_changes(door: Digest, file: Path) -> None:
    page = Page(door)
    file.write_text(f"ann:CGRU:{digest_of('ann', 'another secret')}\n")
    assert page.ask(1) is None
    assert page.ask(2, password="another secret") == "ann"


def test_without_the_file_nobody_is_let_in(door: Digest, file: Path) -> None:
    page = Page(door)
    file.unlink()
    assert page.ask(1) is None


def test_lines_that_are_no_passwords_are_passed_over() -> None:
    found = parse(f"# people\n\nann:CGRU:{'A' * 32}\r\nbob:CGRU:short\n::\n")
    assert found == [("ann", "CGRU", "a" * 32)]
