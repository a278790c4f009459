"""Tokens, join codes, signing in: over HTTP, from the first word to the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from grange.model.states import Role
from grange.server.attempts import LIMIT
from grange.server.sessions import COOKIE
from grange.wire.address import is_loopback
from grange.wire.join import decode, encode
from tests.doors.native.asking import fault, job
from tests.doors.native.served import OWNER, Served, served


@pytest.fixture
def browser(farm: Served, api: httpx.Client) -> Iterator[httpx.Client]:
    """A browser that is signed in, and sends the Origin that browsers send."""
    with farm.client("", Origin=farm.listener.url) as found:
        found.get(api.post("/login-links").json()["url"])
        yield found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    """A farm for one test alone."""
    with served(tmp_path) as found:
        yield found


def test_without_a_token_nobody_is_let_in(farm: Served) -> None:
    with farm.client("") as nobody:
        answer = nobody.get("/farm")
    assert fault(answer)[:2] == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_every_route_but_three_needs_somebody(farm: Served) -> None:
    opened = {"/api/v1/join", "/api/v1/login/{secret}", "/api/v1/logout"}
    with farm.client("") as nobody:
        paths = nobody.get("/openapi.json").json()["paths"]
        assert opened < set(paths)
        for path in set(paths) - opened:
            for method in {"get", "post", "patch", "delete"} & set(paths[path]):
                where = path.removeprefix("/api/v1").format_map(Ones())
                assert nobody.request(method, where).status_code == 401, (method, path)


class Ones(dict[str, str]):
    """One for every parameter of a path."""

    def __missing__(self, key: str) -> str:
        return "1"


def test_a_new_token_is_shown_once_and_works(farm: Served, api: httpx.Client) -> None:
    made = api.post("/credentials", json={"name": "ada", "role": "artist", "note": "laptop"})
    assert made.status_code == 201
    with farm.client(made.json()["secret"]) as ada:
        assert ada.get("/whoami").json() == {"user": "ada", "role": "artist"}
    listed = api.get("/credentials").text
    assert "laptop" in listed
    assert made.json()["secret"].split(".")[2] not in listed


def test_a_token_of_no_role_is_refused_with_the_roles(api: httpx.Client) -> None:
    answer = api.post("/credentials", json={"name": "ada", "role": "artst"})
    assert fault(answer) == (400, "invalid-field", "role")
    assert "did you mean 'artist'?" in answer.text


def test_a_workers_token_comes_from_a_join_code(api: httpx.Client) -> None:
    answer = api.post("/credentials", json={"name": "node", "role": "worker"})
    assert fault(answer) == (400, "invalid-field", "role")


def test_a_revoked_token_is_refused(farm: Served, api: httpx.Client) -> None:
    made = api.post("/credentials", json={"name": "eve", "role": "artist"}).json()
    assert api.delete(f"/credentials/{made['credential']['credential_id']}").status_code == 204
    with farm.client(made["secret"]) as eve:
        assert fault(eve.get("/farm"))[:2] == (401, "unauthenticated")


def test_a_credential_that_never_was_is_not_found(api: httpx.Client) -> None:
    assert fault(api.delete("/credentials/nothing"))[:2] == (404, "no-such-credential")
    assert fault(api.post("/credentials/nothing/accept"))[:2] == (404, "no-such-credential")


def test_tokens_are_for_admins_and_workers_for_wranglers_too(farm: Served) -> None:
    with farm.client(farm.token("wren", Role.WRANGLER)) as wren:
        body = {"name": "x", "role": "admin"}
        assert fault(wren.post("/credentials", json=body))[:2] == (403, "forbidden")
        assert fault(wren.delete("/credentials/local-admin"))[:2] == (403, "forbidden")
        assert wren.post("/join-codes", json={}).status_code == 201
        kinds = {item["kind"] for item in wren.get("/credentials").json()["credentials"]}
        assert "token" not in kinds


def test_a_join_code_says_where_the_farm_is(api: httpx.Client) -> None:
    made = api.post("/join-codes", json={"expires_s": 120}).json()
    assert decode(made["code"]).url == "http://farm.test:7420"


def test_a_code_of_a_farm_without_a_name_says_how_it_was_called(tmp_path: Path) -> None:
    with served(tmp_path, host="") as farm, farm.client() as api:
        code = decode(api.post("/join-codes", json={}).json()["code"])
    assert code.host == "127.0.0.1"


def test_a_code_for_other_machines_never_names_loopback(tmp_path: Path) -> None:
    with served(tmp_path, host="", tls=True) as farm, farm.client() as api:
        code = decode(api.post("/join-codes", json={}).json()["code"])
    assert not is_loopback(code.host)


def test_a_machine_joins_by_a_code_and_waits(farm: Served, api: httpx.Client) -> None:
    code = api.post("/join-codes", json={}).json()["code"]
    with farm.client("") as machine:
        joined = machine.post("/join", json={"code": code, "name": "node1"})
    assert (joined.status_code, joined.json()["state"]) == (201, "pending")
    [line] = api.get("/audit?limit=1").json()["audit"]
    assert (line["action"], line["user"], line["role"]) == ("Join", "node1", "worker")
    path = f"/credentials/{joined.json()['credential_id']}/accept"
    accepted = api.post(path).json()
    assert (accepted["state"], accepted["note"]) == ("active", "joined from 127.0.0.1")


def test_a_code_that_never_was_lets_nobody_in(farm: Served, api: httpx.Client) -> None:
    real = decode(api.post("/join-codes", json={}).json()["code"])
    forged = encode(type(real)(host=real.host, port=real.port, secret=b"\0" * 16))
    with farm.client("") as machine:
        answer = machine.post("/join", json={"code": forged, "name": "node"})
    assert fault(answer)[:2] == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": "grange1-x", "name": "n"}, "code"),
        ({"code": "x" * 2_000, "name": "n"}, "code"),
        ({"name": "n"}, "code"),
        ({"code": 1, "name": "n"}, "code"),
    ],
)
def test_what_is_no_join_code_is_named(farm: Served, body: dict[str, object], field: str) -> None:
    with farm.client("") as machine:
        assert fault(machine.post("/join", json=body)) == (400, "invalid-field", field)


def test_a_login_link_signs_a_browser_in(browser: httpx.Client) -> None:
    assert browser.get("/whoami").json() == {"user": OWNER, "role": "admin"}


def test_the_short_and_the_long_address_of_a_login_link_are_the_same(
    farm: Served, api: httpx.Client
) -> None:
    for path in ("/login/", "/api/v1/login/"):
        url = api.post("/login-links").json()["url"].replace("/login/", path)
        with farm.client("") as browser:
            assert browser.get(url).status_code == 200
            assert browser.get("/whoami").json()["user"] == OWNER


def test_a_login_link_is_good_once(farm: Served, api: httpx.Client) -> None:
    url = api.post("/login-links").json()["url"]
    with farm.client("") as first, farm.client("") as second:
        answer = first.get(url)
        assert second.get(url).status_code == 401
    kept = answer.headers["set-cookie"].lower()
    assert answer.headers["content-type"].startswith("text/html")
    assert kept.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in kept.split(";")}


def test_a_page_of_another_site_uses_no_session(browser: httpx.Client) -> None:
    foreign = {"Origin": "https://evil.org"}
    assert fault(browser.post("/jobs", json=job(), headers=foreign))[:2] == (403, "bad-origin")
    assert browser.post("/jobs", json=job()).status_code == 201


def test_a_session_without_an_origin_changes_nothing(browser: httpx.Client) -> None:
    del browser.headers["origin"]
    assert fault(browser.post("/jobs", json=job()))[:2] == (403, "bad-origin")


def test_a_session_makes_no_login_link(browser: httpx.Client) -> None:
    assert fault(browser.post("/login-links"))[:2] == (403, "forbidden")


def test_who_signs_out_is_nobody_again(browser: httpx.Client) -> None:
    assert browser.post("/logout").status_code == 204
    assert browser.get("/whoami").status_code == 401


def test_wrong_tokens_are_answered_only_so_often(own: Served) -> None:
    with own.client("grange.a.b") as thief, own.client() as owner:
        answers = [thief.get("/farm") for _ in range(LIMIT + 1)]
        assert fault(answers[-1])[:2] == (429, "too-many-attempts")
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert owner.get("/farm").status_code == 200


def test_what_is_done_besides_commands_is_audited(api: httpx.Client) -> None:
    api.post("/credentials", json={"name": "aud", "role": "viewer"})
    [line] = api.get("/audit?limit=1").json()["audit"]
    assert (line["action"], line["user"]) == ("IssueToken", OWNER)
    assert "grange." not in line["details"]


def test_with_tls_codes_carry_the_fingerprint_and_cookies_are_secure(tmp_path: Path) -> None:
    with served(tmp_path, tls=True) as farm, farm.client() as api:
        code = decode(api.post("/join-codes", json={}).json()["code"])
        assert code.fingerprint == farm.folder.ensure_certificate([])
        answer = api.get(api.post("/login-links").json()["url"])
        assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_a_farm_that_trusts_its_codes_accepts_at_once(tmp_path: Path) -> None:
    with served(tmp_path, accept=True) as farm, farm.client() as api:
        code = api.post("/join-codes", json={}).json()["code"]
        assert api.post("/join", json={"code": code, "name": "n"}).json()["state"] == "active"
