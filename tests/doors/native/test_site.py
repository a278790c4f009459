"""The page: its files and no others, and what is told to who is not signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from grange.server.guard import CSP
from grange.server.page import Page
from tests.doors.native.asking import fault
from tests.doors.native.served import Served, served

FILES = {
    "index.html": b"<!doctype html><title>page</title>",
    "assets/app-abc123.js": b"console.log(1);" * 200,
    "assets/app-abc123.css": b"body{}",
    "favicon.svg": b"<svg/>",
    ".hidden": b"secret",
}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A farm with a page."""
    folder = tmp_path_factory.mktemp("farm")
    for name, content in FILES.items():
        path = folder / "page" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "outside.txt").write_text("outside")
    with served(folder, page=Page.of(folder / "page")) as found:
        yield found


@pytest.fixture
def visitor(farm: Served) -> Iterator[httpx.Client]:
    """A browser that is not signed in."""
    with httpx.Client(base_url=farm.listener.url, trust_env=False) as client:
        yield client


@pytest.fixture
def guest(farm: Served, api: httpx.Client, visitor: httpx.Client) -> httpx.Client:
    """A browser that is signed in."""
    visitor.get(api.post("/login-links").json()["url"])
    return visitor


@pytest.mark.parametrize("path", ["/", "/jobs/7", "/index.html"])
def test_a_visitor_is_told_how_to_sign_in(visitor: httpx.Client, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, "grange open" in answer.text) == (401, True)


@pytest.mark.parametrize("path", ["/", "/jobs/7", "/workers", "/index.html"])
def test_a_guest_gets_the_page_at_every_address_that_it_makes_up(
    guest: httpx.Client, path: str
) -> None:
    assert guest.get(path).content == FILES["index.html"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("assets/app-abc123.js", "text/javascript; charset=utf-8"),
        ("assets/app-abc123.css", "text/css; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
    ],
)
def test_the_files_of_the_page_have_their_types(
    visitor: httpx.Client, path: str, kind: str
) -> None:
    answer = visitor.get(f"/{path}")
    assert (answer.content, answer.headers["content-type"]) == (FILES[path], kind)


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/assets/../../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/assets/%2e%2e/%2e%2e/outside.txt",
        "/..\\outside.txt",
        "//etc/passwd.txt",
        "/\\\\host\\share.txt",
        "/outside.txt%00.js",
        "/.hidden",
        "/C:/x.txt",
        "/nothing.js",
    ],
)
def test_nothing_but_the_files_of_the_page_is_found(farm: Served, path: str) -> None:
    with httpx.Client(trust_env=False) as client:
        url = httpx.URL(farm.listener.url, raw_path=path.encode())
        answer = client.get(url)
    assert fault(answer)[:2] == (404, "no-such-path")


def test_files_with_a_hash_in_their_name_are_kept_for_ever(visitor: httpx.Client) -> None:
    answer = visitor.get("/assets/app-abc123.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"


def test_a_browser_that_wants_no_gzip_gets_none(visitor: httpx.Client) -> None:
    answer = visitor.get("/assets/app-abc123.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers


def test_a_file_that_did_not_change_is_not_sent_again(visitor: httpx.Client) -> None:
    tag = visitor.get("/favicon.svg").headers["etag"]
    answer = visitor.get("/favicon.svg", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_the_page_runs_nothing_foreign(guest: httpx.Client) -> None:
    headers = guest.get("/").headers
    assert headers["content-security-policy"] == CSP
    assert "unsafe" not in headers["content-security-policy"]


def test_pages_are_only_read(visitor: httpx.Client) -> None:
    assert fault(visitor.post("/"))[:2] == (405, "method-not-allowed")


def test_without_a_page_the_guest_is_told_of_the_command_line(tmp_path: Path) -> None:
    with served(tmp_path, page=Page({})) as farm, farm.client() as api:
        api.get(api.post("/login-links").json()["url"])
        answer = api.get(f"{farm.listener.url}/")
        assert (answer.status_code, "grange status" in answer.text) == (200, True)
