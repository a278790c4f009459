"""The page on the real server: signed in by a link, live, and able to change a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.plugins.pictures import making
from grange.plugins.pictures.thumbnail import Wish
from grange.wire import worker as wire
from tests.doors.native.asking import linked
from tests.doors.native.served import served
from tests.plugins.painting import flat, paint
from tests.web.browser import Page

pytestmark = pytest.mark.timeout(900)

JOB = {
    "name": "shot",
    "blocks": [{"name": "render", "frames": "1-40", "command": ["render", "@#@"]}],
}


def test_a_job_is_submitted_seen_and_paused(tmp_path: Path, page: Page) -> None:
    with served(tmp_path) as farm, farm.client() as api:
        link = api.post("/login-links").json()["url"]
        page.open(link)
        page.wait("document.body.dataset.link === 'live'")
        assert "No jobs yet" in page.text("#jobs .empty")
        job = api.post("/jobs", json=JOB).json()["job_id"]
        page.wait("document.querySelectorAll('.row').length === 1")
        page.ask(f"location.hash = '#/job/{job}'")
        page.wait("document.querySelector('.grid').dataset.drawn === '40'")
        page.wait("!document.querySelector('.job .buttons').hidden")
        page.click(".job .buttons .button:not([hidden])")
        page.wait("document.querySelector('#job .state').innerText === 'paused'")
        assert api.get(f"/jobs/{job}").json()["job"]["paused"]
        page.ask(f"location.hash = '#/job/{job}/0/7'")
        page.wait("document.querySelector('.command')?.innerText === 'render 8'")
        api.delete(f"/jobs/{job}")
        page.wait("document.querySelectorAll('.row').length === 0")
        assert list(page.complaints) == []


def test_what_a_job_has_made_is_seen(tmp_path: Path, page: Page) -> None:
    picture = paint(tmp_path / "a.exr", flat(1, 0.5, 0, width=320, height=180))
    with served(tmp_path) as farm, farm.client() as api:
        job = api.post("/jobs", json=JOB).json()["job_id"]
        with linked(farm, "painter") as worker:
            run_id = worker.until(wire.Start).run.run_id
            worker.end(run_id)
        data = making.make(str(picture), Wish(side_px=256, size_max=wire.PICTURE_MAX))
        farm.album.keep(job, run_id, "<img src=x onerror=x>", data)
        page.open(api.post("/login-links").json()["url"])
        page.wait("document.body.dataset.link === 'live'")
        page.ask(f"location.hash = '#/job/{job}'")
        page.wait("document.querySelector('#job .shots img')?.naturalWidth === 256")
        page.click("#job .shot")
        page.wait("document.querySelector('#task .shots img')?.naturalHeight === 144")
        assert page.text("#task .shot-name") == "<img src=x onerror=x>"
        assert list(page.complaints) == []


def test_who_is_not_signed_in_is_told_how(tmp_path: Path, page: Page) -> None:
    with served(tmp_path) as farm:
        page.open(farm.listener.url)
        assert "grange open" in page.text("body")
