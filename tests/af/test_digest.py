"""A server that wants to know who asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from grange.af import afnetwork, cgruconfig
from grange.af.afnetwork import exchange, sendServer
from grange.af.digest import md5
from grange.client.errors import NotAllowed
from tests.af.server import RecordedAfanasy

GET = {"get": {"type": "jobs"}}
CHALLENGE = {"realm": "CGRU", "nonce": "abc"}


@pytest.fixture(autouse=True)
def _password() -> Iterator[None]:
    cgruconfig.VARS["af_digest_password"] = "secret"
    afnetwork._logins.clear()
    yield
    afnetwork._logins.clear()


def proof(nonce: str, number: int) -> dict[str, Any]:
    digest = md5("artist:CGRU:secret")
    response = md5(f"{digest}:{nonce}:{number}")
    return {"user_name": "artist", "nonce": nonce, "nc": number, "response": response}


def test_a_request_is_sent_again_with_a_proof(server: RecordedAfanasy) -> None:
    server.answers = [CHALLENGE, {"jobs": []}]
    assert exchange(GET, server.address) == {"jobs": []}
    assert server.seen == [GET, {**GET, "auth": proof("abc", 1)}]


def test_later_requests_carry_proofs_with_numbers_that_grow(server: RecordedAfanasy) -> None:
    server.answers = [CHALLENGE]
    for _ in range(3):
        exchange(GET, server.address)
    assert [item["auth"]["nc"] for item in server.seen[1:]] == [1, 2, 3]


def test_a_nonce_that_has_run_out_is_replaced(server: RecordedAfanasy) -> None:
    server.answers = [CHALLENGE, {"jobs": []}, {"realm": "CGRU", "nonce": "new"}, {"jobs": []}]
    exchange(GET, server.address)
    assert exchange(GET, server.address) == {"jobs": []}
    assert server.last["auth"] == proof("new", 1)


def test_a_wrong_password_is_tried_once(server: RecordedAfanasy) -> None:
    server.usual = CHALLENGE
    with pytest.raises(NotAllowed, match="does not know 'artist' by this password"):
        exchange(GET, server.address)
    assert len(server.seen) == 2


def test_where_no_password_is_known_it_is_said_how_to_give_one(
    server: RecordedAfanasy, capsys: pytest.CaptureFixture[str]
) -> None:
    cgruconfig.VARS["af_digest_password"] = ""
    server.usual = CHALLENGE
    assert sendServer(GET, where=server.address) == (False, None)
    assert "set AF_DIGEST_USER and AF_DIGEST_PASSWORD" in capsys.readouterr().err


def test_the_server_may_know_a_user_by_another_name(server: RecordedAfanasy) -> None:
    cgruconfig.VARS["af_digest_user"] = "ada"
    server.answers = [CHALLENGE]
    exchange(GET, server.address)
    assert server.last["auth"]["user_name"] == "ada"
