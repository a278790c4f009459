"""The two WebSockets: who may open them, and when they end."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from grange.model.states import Role
from grange.server.sessions import COOKIE
from grange.wire import watch
from grange.wire import worker as wire
from tests.doors.native.asking import dialled, linked, submit
from tests.doors.native.served import Served


def watching(farm: Served, **headers: str) -> ClientConnection:
    url = farm.listener.url.replace("http", "ws") + watch.PATH
    origin: Any = headers.pop("Origin", None)
    return connect(url, additional_headers=headers, origin=origin, proxy=None)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def joined(farm: Served, api: httpx.Client, name: str) -> tuple[str, str]:
    """A worker that asked to be let in: its credential's id, and its secret."""
    code = api.post("/join-codes", json={}).json()["code"]
    answer = api.post("/join", json={"code": code, "name": name}).json()
    return answer["credential_id"], answer["secret"]


def refusal(farm: Served, secret: str, name: str) -> wire.Refused:
    with dialled(farm, secret) as worker:
        answer = worker.hello(name)
    assert isinstance(answer, wire.Refused)
    return answer


def test_who_watches_is_told_of_a_new_job(farm: Served, api: httpx.Client) -> None:
    with watching(farm, **bearer(farm.admin)) as socket:
        socket.send(msgspec.json.encode(watch.Watch()).decode())
        first = msgspec.json.decode(socket.recv(timeout=5), type=watch.FromServer)
        assert isinstance(first, watch.Snapshot)
        job_id = int(submit(api).rpartition("/")[2])
        patch = msgspec.json.decode(socket.recv(timeout=5), type=watch.FromServer)
    assert isinstance(patch, watch.Patch)
    assert job_id in {item.job_id for item in patch.jobs}


def test_the_feed_comes_in_text_frames(farm: Served) -> None:
    with watching(farm, **bearer(farm.admin)) as socket:
        socket.send("{}")
        assert isinstance(socket.recv(timeout=5), str)


def test_a_browser_watches_by_its_session(farm: Served, api: httpx.Client) -> None:
    answer = api.get(api.post("/login-links").json()["url"])
    cookie = f"{COOKIE}={answer.cookies[COOKIE]}"
    with watching(farm, Cookie=cookie, Origin=farm.listener.url) as socket:
        socket.send("{}")
        assert socket.recv(timeout=5)


@pytest.mark.parametrize("origin", [None, "https://evil.org", "null"])
def test_a_page_of_another_site_watches_nothing(
    farm: Served, api: httpx.Client, origin: str | None
) -> None:
    answer = api.get(api.post("/login-links").json()["url"])
    headers = {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}
    with pytest.raises(InvalidStatus) as error:
        watching(farm, **headers, **({"Origin": origin} if origin else {}))
    assert error.value.response.status_code == 403


def test_nobody_watches_without_a_token(farm: Served) -> None:
    with pytest.raises(InvalidStatus) as error:
        watching(farm)
    assert error.value.response.status_code == 401
    assert b"unauthenticated" in error.value.response.body


def test_who_only_submits_does_not_watch(farm: Served) -> None:
    with pytest.raises(InvalidStatus) as error:
        watching(farm, **bearer(farm.token("kiosk", Role.SUBMIT)))
    assert error.value.response.status_code == 403


def test_a_socket_at_another_path_is_refused(farm: Served) -> None:
    url = farm.listener.url.replace("http", "ws")
    with pytest.raises(InvalidStatus) as error:
        connect(f"{url}/api/v1/jobs", additional_headers=bearer(farm.admin), proxy=None)
    assert error.value.response.status_code == 404


def test_a_pending_worker_is_told_to_come_again(farm: Served, api: httpx.Client) -> None:
    _, secret = joined(farm, api, "pending1")
    answer = refusal(farm, secret, "pending1")
    assert (answer.code, answer.retry_s > 0) == ("pending", True)


def test_an_accepted_worker_is_welcome(farm: Served, api: httpx.Client) -> None:
    found, secret = joined(farm, api, "node1")
    api.post(f"/credentials/{found}/accept")
    with dialled(farm, secret) as worker:
        assert isinstance(worker.hello("node1"), wire.Welcome)


def test_a_worker_has_only_its_own_name(farm: Served, api: httpx.Client) -> None:
    found, secret = joined(farm, api, "node2")
    api.post(f"/credentials/{found}/accept")
    assert refusal(farm, secret, "node1").retry_s == 0


def test_a_revoked_worker_is_cut_off_and_never_comes_back(farm: Served, api: httpx.Client) -> None:
    found, secret = joined(farm, api, "node3")
    api.post(f"/credentials/{found}/accept")
    with dialled(farm, secret) as worker:
        worker.hello("node3")
        api.delete(f"/credentials/{found}")
        with pytest.raises(ConnectionClosed):
            worker.until(wire.Stop)
    answer = refusal(farm, secret, "node3")
    assert (answer.code, answer.retry_s) == ("revoked", 0)


def test_a_revoked_watcher_is_cut_off(farm: Served, api: httpx.Client) -> None:
    made = api.post("/credentials", json={"name": "eve", "role": "viewer"}).json()
    with watching(farm, **bearer(made["secret"])) as socket:
        socket.send("{}")
        socket.recv(timeout=5)
        api.delete(f"/credentials/{made['credential']['credential_id']}")
        with pytest.raises(ConnectionClosed):
            list(iter(lambda: socket.recv(timeout=5), None))


@pytest.mark.slow
def test_who_watches_is_let_go_when_the_token_expires(farm: Served, api: httpx.Client) -> None:
    body = {"name": "eve", "role": "viewer", "expires_s": 1.5}
    made = api.post("/credentials", json=body).json()
    with watching(farm, **bearer(made["secret"])) as socket:
        socket.send("{}")
        with pytest.raises(ConnectionClosed):
            list(iter(lambda: socket.recv(timeout=5), None))


def test_an_artist_holds_no_workers_link(farm: Served) -> None:
    with pytest.raises(InvalidStatus) as error, dialled(farm, farm.token("ada", Role.ARTIST)):
        pass
    assert error.value.response.status_code == 403


def test_a_worker_reads_nothing_over_http(farm: Served, api: httpx.Client) -> None:
    found, secret = joined(farm, api, "node4")
    api.post(f"/credentials/{found}/accept")
    with farm.client(secret) as worker:
        assert worker.get("/jobs/1").status_code in (403, 404)
        assert worker.get("/farm").status_code == 403


def test_a_pending_worker_that_says_nothing_is_let_go(farm: Served, api: httpx.Client) -> None:
    _, secret = joined(farm, api, "mute")
    with dialled(farm, secret) as worker:
        worker.socket.close()


def test_the_owner_links_a_worker_of_any_name_from_this_machine(farm: Served) -> None:
    with linked(farm, "anything"):
        assert "anything" in farm.farm.state.worker_names
