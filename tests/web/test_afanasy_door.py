"""Afanasy's port in a real browser: a page of its folder asks as the original; no other can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grange.plugins.pictures import making
from grange.plugins.pictures.thumbnail import Wish
from grange.wire.worker import PICTURE_MAX
from tests.doors.afanasy.opened import Opened, opened
from tests.doors.afanasy.test_digest import digest_of
from tests.plugins.painting import flat, paint
from tests.web.browser import Page, PageFailed

pytestmark = pytest.mark.timeout(900)

JOB = {
    "name": "ünï → 🎬",
    "user_name": "jimmy",
    "blocks": [{"flags": 1, "frame_last": 4, "command": "render @#@"}],
}
INDEX = (
    "<!DOCTYPE html><title>a page</title>"
    '<link rel="stylesheet" href="afanasy/browser/style.css"><p>hello'
)
FORM = (
    '<iframe name="f"></iframe><form method="post" enctype="text/plain" target="f">'
    '<input name="AFANASY 5 JSON{}"></form>'
)
ASK = """
new Promise((done, failed) => {
  const request = new XMLHttpRequest();
  const body = %s;
  request.onload = () => done(request.responseText && JSON.parse(request.responseText));
  request.onerror = () => failed(new Error("no answer"));
  request.open("POST", "%s", true);
  request.setRequestHeader("Content-type", "application/x-www-form-urlencoded");
  request.setRequestHeader("AFANASY", body.length);
  request.send(body);
})
"""


def asking(root: Any, where: str = "/") -> str:
    """How the original page sends a request; its count is not that of the bytes."""
    return ASK % (json.dumps(json.dumps(root, ensure_ascii=False)), where)


@pytest.fixture
def cgru(tmp_path: Path) -> Path:
    folder = tmp_path / "cgru"
    (folder / "afanasy" / "browser").mkdir(parents=True)
    (folder / "afanasy" / "browser" / "index.html").write_text(INDEX)
    (folder / "favicon.ico").write_bytes(b"")
    (folder / "afanasy" / "browser" / "style.css").write_text("p { color: rgb(1, 2, 3) }")
    return folder


@pytest.fixture
def door(tmp_path: Path, cgru: Path) -> Iterator[Opened]:
    with opened(tmp_path, afanasy_cgru_folder=cgru) as found:
        yield found


def visit(door: Opened, work: Callable[[], None]) -> None:
    """Do something with a browser while the door is served."""
    door.stand.wait(asyncio.to_thread(work))


def test_a_page_of_the_folder_submits_a_job_and_sees_it(door: Opened, page: Page) -> None:
    def work() -> None:
        page.open(f"http://{door.door.address}/")
        assert page.text("p") == "hello"
        colour = page.ask("getComputedStyle(document.querySelector('p')).color")
        assert colour == "rgb(1, 2, 3)"
        assert page.ask(asking({"job": JOB})) == {"id": 2, "serial": 1}
        (job,) = page.ask(asking({"get": {"type": "jobs"}}))["jobs"]
        assert job["name"] == JOB["name"]
        assert list(page.complaints) == []

    visit(door, work)


def test_a_thumbnail_is_shown(door: Opened, page: Page, tmp_path: Path) -> None:
    picture = paint(tmp_path / "a.exr", flat(1, 0.5, 0, width=320, height=180))
    data = making.make(str(picture), Wish(side_px=256, size_max=PICTURE_MAX))
    number = door.stand.album.keep(1, 7, "/o/img 1.exr", data)
    source = f"/@TMP@/1/7/{number}/img_1.exr.jpg"

    def work() -> None:
        page.open(f"http://{door.door.address}/")
        page.ask(f"document.body.append(Object.assign(new Image(), {{src: '{source}'}}))")
        page.wait("document.querySelector('img').naturalWidth === 256")

    visit(door, work)


def test_a_page_of_another_origin_changes_nothing(door: Opened, page: Page) -> None:
    url = f"http://{door.door.address}/"
    port = door.door.address.partition(":")[2]
    body = json.dumps(json.dumps({"job": JOB}))

    def work() -> None:
        page.open(f"http://localhost:{port}/")  # the same server by another name is another origin
        with pytest.raises(PageFailed):
            page.ask(asking({"job": JOB}, url))
        page.ask(
            f"fetch('{url}', {{method: 'POST', mode: 'no-cors', body: {body}}}).catch(() => 0)"
        )
        page.ask(f"document.body.innerHTML = `{FORM}`")
        page.ask(f"document.forms[0].action = '{url}'")
        page.ask("document.querySelector('iframe').onload = () => { window.sent = true }")
        page.ask("document.forms[0].submit()")
        page.wait("window.sent")
        assert page.ask(asking({"get": {"type": "jobs"}})) == {"jobs": []}

    visit(door, work)


def test_a_page_proves_who_it_is_by_a_password(tmp_path: Path, cgru: Path, page: Page) -> None:
    file = tmp_path / ".htdigest"
    file.write_text(f"ann:CGRU:{digest_of('ann', 'secret')}\n")
    settings = {"afanasy_cgru_folder": cgru, "afanasy_digest_file": file, "afanasy_allow": ()}
    with opened(tmp_path, **settings) as door:

        def work() -> None:
            page.open(f"http://{door.door.address}/")
            assert set(page.ask(asking({"get": {"type": "config"}}))) == {"realm", "nonce"}

        visit(door, work)
