"""The live page in a real browser, before a farm that says what each test wants."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from grange.model.states import JobState, Presence, Role, RunStatus, TaskState, WorkerState
from grange.model.views import Counts, Reason, WhyView
from grange.wire.watch import LogText, Snapshot
from tests.plugins.painting import flat, paint
from tests.web import make
from tests.web.browser import LOOK_S, PATIENCE_S, Page
from tests.web.fake import FakeFarm

pytestmark = pytest.mark.timeout(900)  # the first one may have to install the browser

HOSTILE = "<img src=x onerror=\"document.title='broken'\">"
STATES = "/jobs/1/blocks/0/states"
TASKS = "/jobs/1/blocks/0/tasks"

HOVERS_MAX = 100  # moves of the mouse before a tip is given up


def show(farm: FakeFarm, page: Page, where: str = "#/", **fields: object) -> None:
    """Open the page on a small farm; `fields` are the snapshot's."""
    given: dict[str, object] = {"jobs": (make.job(),), "workers": (make.worker(),)}
    farm.snapshot = Snapshot(number=7, farm=make.farm(), **(given | fields))  # type: ignore[arg-type]
    farm.bytes.setdefault(STATES, bytes([3] * 10 + [2] * 2 + [1] * 8))
    farm.json.setdefault(TASKS, {"tasks": [make.task(10), make.task(11)], "total": 2})
    page.open(f"{farm.url}/{where}")
    page.wait("document.body.dataset.link === 'live'")


def content(page: Page) -> None:
    """Nothing that the page did was refused or failed."""
    assert list(page.complaints) == []


def test_the_farm_is_told_in_one_sentence(farm: FakeFarm, page: Page) -> None:
    show(farm, page)
    page.wait("document.querySelector('.row')")
    assert page.text(".sentence") == "1 job is running on 1 of 2 workers."
    assert "10 tasks to go" in page.text(".after")
    assert page.text(".link") == "live"
    content(page)


def test_jobs_come_newest_first_with_all_that_a_row_says(farm: FakeFarm, page: Page) -> None:
    waiting = make.job(2, "later", state=JobState.READY, why="waits for a worker", eta_s=None)
    show(farm, page, jobs=(make.job(1, eta_s=61.0), waiting))
    page.wait("document.querySelectorAll('.row').length === 2")
    later, shot = page.texts(".row")
    assert "later" in later
    assert "waits for a worker" in later
    for word in ("running", "shot", "ada", "52 %", "10 / 20", "1 min", "5 min ago"):
        assert word in shot
    assert page.ask("document.querySelectorAll('.row .icon path[d]').length") == 2
    content(page)


def test_a_patch_changes_a_row_in_place(farm: FakeFarm, page: Page) -> None:
    show(farm, page)
    page.wait("window.row = document.querySelector('.row')")
    done = make.block(tasks=Counts(done=20), percent=100.0, state=JobState.DONE)
    farm.patch(number=8, jobs=(make.job(blocks=(done,), state=JobState.DONE),))
    page.wait("window.row.innerText.includes('20 / 20')")
    assert page.ask("window.row.isConnected")
    assert "done" in page.text(".row .state")
    width = page.ask("document.querySelector('.row [data-state=done].part').style.width")
    assert width == "100%"
    content(page)


def test_new_jobs_appear_and_gone_ones_go(farm: FakeFarm, page: Page) -> None:
    show(farm, page)
    page.wait("document.querySelector('.row')")
    farm.patch(number=8, jobs=(make.job(5, "newer"),))
    page.wait("document.querySelectorAll('.row').length === 2")
    assert page.text(".row .cell-name") == "newer"
    farm.patch(number=9, jobs_gone=(1, 5))
    page.wait("document.querySelectorAll('.row').length === 0")
    assert "No jobs yet" in page.text("#jobs .empty")
    content(page)


def test_markup_from_the_farm_is_text(farm: FakeFarm, page: Page) -> None:
    broken = make.worker(
        name=HOSTILE, state=WorkerState.SICK, sick=HOSTILE, runs=(), presence=Presence.ONLINE
    )
    blocks = (make.block(name=HOSTILE), make.block(1, name=HOSTILE, why=HOSTILE))
    job = make.job(name=HOSTILE, user=HOSTILE, why=HOSTILE, state=JobState.READY, blocks=blocks)
    view = make.task(3, TaskState.FAILED, name=HOSTILE, message=HOSTILE, worker=HOSTILE)
    farm.bytes["/runs/103/log"] = HOSTILE.encode() + b"\n"
    ended = make.run(3, RunStatus.FAILED, worker=HOSTILE)
    farm.json[f"{TASKS}/3"] = make.detail(ended, task=view, command=HOSTILE, files=(HOSTILE,))
    reason = Reason(code="x", text=f"{HOSTILE}!", workers=1, names=(HOSTILE,))
    farm.json["/jobs/1/why"] = WhyView(summary=HOSTILE, reasons=(reason,))
    show(farm, page, "#/job/1/0/3", jobs=(job,), workers=(broken,))
    page.wait("document.querySelector('.line')?.innerText.includes('onerror')")
    page.wait("document.querySelector('.reasons li')")
    for place in ("#jobs .cell-name", "#job h2", "#task h2", ".tile-name", ".run-worker"):
        assert page.ask(f"document.querySelector('{place}').textContent") == HOSTILE
    assert page.ask("document.querySelectorAll('img:not(.mark img), [onerror]').length") == 0
    assert "broken" not in page.ask("document.title")[:6]
    content(page)


def test_a_broken_connection_goes_on_where_it_was(farm: FakeFarm, page: Page) -> None:
    show(farm, page)
    page.wait("document.querySelector('.row')")
    farm.patch(number=12, jobs=(make.job(2, "second"),))
    page.wait("document.querySelectorAll('.row').length === 2")
    farm.listens = False
    farm.hang_up()
    page.wait("document.body.dataset.link === 'lost'")
    assert len(page.texts(".row")) == 2
    farm.listens = True
    page.wait("document.body.dataset.link === 'live'")
    farm.eventually(lambda: len(farm.watches) >= 2)
    assert farm.last_watch.after == 12
    farm.patch(number=13, jobs_gone=(2,))
    page.wait("document.querySelectorAll('.row').length === 1")


@pytest.fixture
def jpeg(tmp_path: Path) -> bytes:
    return paint(tmp_path / "a.jpg", flat(1, 0.5, 0, width=160, height=90)).read_bytes()


def test_the_last_pictures_of_a_job_lead_to_their_tasks(
    farm: FakeFarm, page: Page, jpeg: bytes
) -> None:
    farm.json["/jobs/1/thumbnails"] = {"thumbnails": [make.thumbnail(3), make.thumbnail(1)]}
    for number in (1, 3):
        farm.bytes[f"{TASKS}/{number}/thumbnails/1"] = jpeg
    farm.json[f"{TASKS}/3"] = make.detail(make.run(3))
    farm.json[f"{TASKS}/3/thumbnails"] = {"thumbnails": []}
    farm.bytes["/runs/103/log"] = b"frame 4\n"
    show(farm, page, "#/job/1")
    page.wait("document.querySelectorAll('#job .shots img').length === 2")
    page.wait("[...document.querySelectorAll('#job .shots img')].every((i) => i.naturalWidth)")
    assert page.texts("#job .shot-name") == ["frame 4", "frame 2"]
    page.click("#job .shot")
    assert page.ask("location.hash") == "#/job/1/0/3"
    content(page)


def test_the_pictures_of_a_task_are_shown_with_their_names(
    farm: FakeFarm, page: Page, jpeg: bytes
) -> None:
    farm.json[f"{TASKS}/3"] = make.detail(make.run(3))
    farm.bytes["/runs/103/log"] = b"frame 4\n"
    farm.json[f"{TASKS}/3/thumbnails"] = {"thumbnails": [make.thumbnail(3, HOSTILE)]}
    farm.bytes[f"{TASKS}/3/thumbnails/1"] = jpeg
    show(farm, page, "#/job/1/0/3")
    page.wait("document.querySelector('#task .shots img')?.naturalWidth")
    assert page.ask("document.querySelector('#task .shot-name').textContent") == HOSTILE
    assert page.ask("document.querySelectorAll('#task img').length") == 1
    content(page)


def test_a_picture_that_is_gone_leaves_no_hole(farm: FakeFarm, page: Page) -> None:
    farm.json["/jobs/1/thumbnails"] = {"thumbnails": [make.thumbnail(3)]}
    show(farm, page, "#/job/1")
    page.wait("document.querySelector('#job .shots li')?.hidden")


def test_a_new_picture_comes_when_a_task_is_done(farm: FakeFarm, page: Page, jpeg: bytes) -> None:
    farm.bytes[f"{TASKS}/3/thumbnails/1"] = jpeg
    show(farm, page, "#/job/1")
    page.wait("document.querySelector('.grid')?.dataset.drawn === '20'")
    assert page.ask("document.querySelector('#job .shots').hidden")
    farm.json["/jobs/1/thumbnails"] = {"thumbnails": [make.thumbnail(3)]}
    further = make.block(tasks=Counts(ready=8, running=1, done=11))
    farm.patch(number=8, jobs=(make.job(blocks=(further,)),))
    page.wait("document.querySelector('#job .shots img')?.naturalWidth")
    content(page)


def test_an_address_opens_its_job(farm: FakeFarm, page: Page) -> None:
    show(farm, page, "#/job/1")
    page.wait("document.querySelector('.grid')?.dataset.drawn === '20'")
    assert page.text("#job h2") == "shot"
    assert page.texts(".figure dd")[:2] == ["52 %", "10 / 20"]
    assert page.ask("document.title") == "52 % · shot · Grange"
    farm.eventually(lambda: farm.last_watch.tasks_of == (1,))
    page.press("Escape")
    page.wait("document.querySelector('#job').hidden")
    farm.eventually(lambda: farm.last_watch.tasks_of == ())
    content(page)


#: Resolves to the place of a task's cell in the window; `inside` is that in the canvas.
PLACE = """(async (task) => {
  const { layout, placeOf } = await import('/grid.js');
  const scroll = document.querySelector('.scroll');
  const total = Number(document.querySelector('.grid').dataset.drawn);
  const plan = layout(total, scroll.clientWidth - 6);
  const side = plan.size - plan.gap;
  const at = placeOf(plan, task);
  const inside = [at.x + side / 2, at.y + side * 0.85 + 3 - scroll.scrollTop].map(Math.floor);
  const box = document.querySelector('.cells').getBoundingClientRect();
  return { inside, window: [box.x + inside[0], box.y + inside[1]] };
})"""


def colour(page: Page, task: int) -> list[int]:
    """The colour of a task's cell, as the canvas has it: low in it, below number and mark."""
    found: list[int] = page.ask(
        f"""(async () => {{
          const [x, y] = (await {PLACE}({task})).inside;
          const copy = new OffscreenCanvas(1, 1).getContext('2d');
          copy.drawImage(document.querySelector('.cells'), -x, -y);
          return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }})()"""
    )
    return found


def until_colour(page: Page, task: int, wanted: list[int]) -> None:
    """Wait until a task's cell is so coloured."""
    give_up = time.monotonic() + PATIENCE_S
    while (found := colour(page, task)) != wanted:
        assert time.monotonic() < give_up, found
        time.sleep(LOOK_S)


def token(page: Page, name: str) -> list[int]:
    """A colour of the style sheet."""
    text = page.ask(f"getComputedStyle(document.body).getPropertyValue('{name}').trim()")
    return [int(text[place : place + 2], 16) for place in (1, 3, 5)]


def test_the_frame_grid_of_a_hundred_thousand_tasks(farm: FakeFarm, page: Page) -> None:
    counts = Counts(done=50_000, failed=1, ready=49_999)
    block = make.block(frames="1-100000", tasks=counts, percent=50.0)
    farm.bytes[STATES] = bytes([3] * 50_000 + [1] * 49_999 + [4])
    farm.json[TASKS] = {"tasks": [], "total": 0}
    show(farm, page, "#/job/1", jobs=(make.job(blocks=(block,)),))
    page.wait("document.querySelector('.grid').dataset.drawn === '100000'")
    assert colour(page, 0) == token(page, "--fill-done")
    assert colour(page, 777) == token(page, "--fill-done")
    page.ask("document.querySelector('.scroll').scrollTop = 1e6")
    until_colour(page, 99_999, token(page, "--fill-failed"))
    assert colour(page, 99_998) == token(page, "--fill-ready")
    size = page.ask("[document.querySelector('.cells').width, innerWidth]")
    assert 0 < size[0] <= size[1], "the canvas is as large as what is seen, not as the block"
    content(page)


def test_the_frame_grid_moves(farm: FakeFarm, page: Page) -> None:
    show(farm, page, "#/job/1")
    page.wait("document.querySelector('.grid').dataset.drawn === '20'")
    assert colour(page, 15) == token(page, "--fill-ready")
    assert colour(page, 12) == token(page, "--fill-ready")
    tasks = (make.task(15, TaskState.SKIPPED), make.task(12, percent=90))
    farm.patch(number=8, tasks=tasks)
    until_colour(page, 12, token(page, "--fill-running"))
    assert colour(page, 15) != token(page, "--fill-ready")
    content(page)


def test_what_changed_glows_for_a_moment(farm: FakeFarm, page: Page) -> None:
    page.resize(1280, 800, calm=False)
    show(farm, page, "#/job/1")
    page.wait("document.querySelector('.grid').dataset.drawn === '20'")
    farm.patch(number=8, tasks=(make.task(15, TaskState.DONE),))
    page.wait("document.querySelector('.grid').dataset.glowing === '1'")
    page.wait("document.querySelector('.grid').dataset.glowing === '0'")
    until_colour(page, 15, token(page, "--fill-done"))
    content(page)


def test_a_stale_block_is_read_anew(farm: FakeFarm, page: Page) -> None:
    show(farm, page, "#/job/1")
    page.wait("document.querySelector('.grid').dataset.drawn === '20'")
    farm.bytes[STATES] = bytes([3] * 30)
    farm.patch(number=8, tasks_stale=((1, 0),))
    page.wait("document.querySelector('.grid').dataset.drawn === '30'")
    content(page)


def hover(page: Page, task: int) -> tuple[float, float]:
    """Move the mouse over a cell until its tip shows: a page that settles moves its cells."""
    for move in range(HOVERS_MAX):
        x, y = page.ask(f"{PLACE}({task}).then((place) => place.window)")
        page.mouse("mouseMoved", x + move % 2, y)
        if page.ask(
            "new Promise((done) => requestAnimationFrame(() => setTimeout(() =>"
            " done(!document.querySelector('.tip').hidden), 50)))"
        ):
            return x, y
    raise AssertionError("no tip shows")


def test_a_cell_tells_of_its_task_and_opens_it(farm: FakeFarm, page: Page) -> None:
    farm.json[f"{TASKS}/10"] = make.detail(make.run(10), task=make.task(10))
    farm.bytes["/runs/110/log"] = b"begun\n"
    show(farm, page, "#/job/1")
    page.wait("document.querySelector('.grid').dataset.drawn === '20'")
    x, y = hover(page, 10)
    for word in ("frame 11", "running", "node1", "40 %"):
        assert word in page.text(".tip")
    page.mouse("mousePressed", x, y)
    page.mouse("mouseReleased", x, y)
    page.wait("location.hash === '#/job/1/0/10'")
    page.wait("document.querySelector('#task h2')?.textContent === 'frame 11'")
    content(page)


def test_a_task_shows_its_runs_command_and_live_log(farm: FakeFarm, page: Page) -> None:
    lost = make.run(10, RunStatus.LOST, run_id=90, worker="node2")
    farm.json[f"{TASKS}/10"] = make.detail(make.run(10), lost, task=make.task(10))
    farm.bytes["/runs/110/log"] = b"\x1b[1mbegun\x1b[0m\n10 %\r20 %\nhal"
    farm.bytes["/runs/90/log"] = b"an Error: lost\n"
    show(farm, page, "#/job/1/0/10")
    page.wait("document.querySelectorAll('.line').length >= 3")
    assert page.texts(".line")[:3] == ["begun", "20 %", "hal"]
    assert page.text(".command") == "render --frame 4 'my scene.blend'"
    farm.eventually(lambda: farm.last_watch.logs_of == (110,))
    size = len(farm.bytes["/runs/110/log"])
    farm.patch(number=8, logs=(LogText(run_id=110, offset=size, text="f\nwhole\n"),))
    page.wait("[...document.querySelectorAll('.line')].some((l) => l.innerText === 'whole')")
    assert page.texts(".line")[2:4] == ["half", "whole"]
    # text that does not fit is read again, so that nothing is missing and nothing twice
    farm.bytes["/runs/110/log"] += b"f\nwhole\nmissed\nlast\n"
    end = len(farm.bytes["/runs/110/log"])
    farm.patch(number=9, logs=(LogText(run_id=110, offset=end - 5, text="last\n"),))
    page.wait("[...document.querySelectorAll('.line')].some((l) => l.innerText === 'last')")
    assert page.texts(".line")[2:6] == ["half", "whole", "missed", "last"]
    page.ask("document.querySelectorAll('.run')[1].click()")
    page.wait("document.querySelector('.line[data-level=error]')")
    assert page.texts(".line")[0] == "an Error: lost"
    content(page)


def test_buttons_change_the_job(farm: FakeFarm, page: Page) -> None:
    counts = Counts(done=10, failed=2, ready=8)
    block = make.block(tasks=counts)
    show(farm, page, "#/job/1", jobs=(make.job(blocks=(block,)),))
    page.wait("!document.querySelector('.job .buttons').hidden")
    assert page.texts(".job .button:not([hidden])")[:3] == ["Pause", "Restart failed", "Delete …"]
    page.ask("document.querySelectorAll('.job .buttons .button')[1].click()")
    farm.eventually(lambda: len(farm.changes) == 1)
    page.ask("document.querySelectorAll('.job .buttons .button')[2].click()")
    farm.eventually(lambda: len(farm.changes) == 2)
    assert farm.changes[0] == ("POST", "/jobs/1/pause", b"")
    assert farm.changes[1][1] == "/jobs/1/tasks"
    assert farm.changes[1][2] == b'{"op":"restart","only":"failed"}'
    content(page)


def test_deleting_asks_first(farm: FakeFarm, page: Page) -> None:
    show(farm, page, "#/job/1")
    page.wait("!document.querySelector('.job .buttons').hidden")
    page.click(".job .danger")
    page.wait("document.querySelector('dialog[open]')")
    page.press("Escape")
    page.wait("!document.querySelector('dialog')")
    assert farm.changes == []
    assert page.ask("location.hash") == "#/job/1"
    page.click(".job .danger")
    page.wait("document.querySelector('dialog .danger') !== null")
    page.click("dialog .danger")
    farm.eventually(lambda: farm.changes == [("DELETE", "/jobs/1", b"")])
    page.wait("location.hash === '#/'")
    content(page)


@pytest.mark.parametrize(
    ("role", "user", "may"),
    [
        (Role.VIEWER, "ada", False),
        (Role.ARTIST, "ada", True),
        (Role.ARTIST, "grace", False),
        (Role.WRANGLER, "grace", True),
    ],
)
def test_buttons_are_for_who_may(
    farm: FakeFarm, page: Page, role: Role, user: str, *, may: bool
) -> None:
    farm.role = role
    show(farm, page, "#/job/1", jobs=(make.job(user=user),))
    page.wait("document.querySelector('.me').innerText !== ''")
    page.wait(f"document.querySelector('.job .buttons').hidden === {str(not may).lower()}")


def test_the_keyboard_walks_the_jobs(farm: FakeFarm, page: Page) -> None:
    show(farm, page, jobs=tuple(make.job(number, f"job{number}") for number in (1, 2, 3)))
    page.wait("document.querySelectorAll('.row').length === 3")
    for key in "jjk":
        page.press(key)
    assert page.ask("document.activeElement.href.split('#')[1]") == "/job/3"
    page.press("j")
    farm.bytes["/jobs/2/blocks/0/states"] = bytes(20)
    farm.json["/jobs/2/blocks/0/tasks"] = {"tasks": [], "total": 0}
    page.press("Enter")
    page.wait("location.hash === '#/job/2'")
    page.press("/")
    assert page.ask("document.activeElement.type") == "search"
    for letter in "job3":
        page.press(letter)
    page.wait("document.querySelectorAll('.row').length === 1")
    content(page)


def test_workers_have_tiles(farm: FakeFarm, page: Page) -> None:
    away = make.worker(
        2, "node2", state=WorkerState.OFFLINE, presence=Presence.OFFLINE, runs=(), resources=None
    )
    show(farm, page, workers=(away, make.worker()))
    page.wait("document.querySelectorAll('.tile').length === 2")
    first, second = page.texts(".tile")
    for word in ("node1", "busy", "frame 4 · shot", "40 %"):
        assert word in first
    assert "offline" in second
    shown = "document.querySelectorAll('.tile .gauge:not([hidden]) .level')"
    levels = f"[...{shown}].map((level) => level.style.width)"
    assert page.ask(levels) == ["75%", "50%", "0%", "0%"]
    farm.patch(number=8, workers_gone=(2,))
    page.wait("document.querySelectorAll('.tile').length === 1")
    content(page)


@pytest.mark.parametrize("width", [390, 900, 1280, 1600])
@pytest.mark.parametrize("where", ["#/", "#/job/1", "#/job/1/0/10"])
def test_it_fits_its_window(farm: FakeFarm, page: Page, width: int, where: str) -> None:
    farm.json[f"{TASKS}/10"] = make.detail(make.run(10), task=make.task(10))
    farm.bytes["/runs/110/log"] = b"x" * 3_000 + b"\n"
    page.resize(width, 800)
    show(farm, page, where, jobs=(make.job(name="n" * 120),))
    page.wait("document.querySelector('.row')")
    if where.count("/") > 2:
        page.wait("document.querySelector('.line')")
    assert page.ask("document.documentElement.scrollWidth") <= width
    content(page)


def test_signed_out_says_what_to_do(farm: FakeFarm, page: Page) -> None:
    farm.signed_in = False
    farm.listens = False
    page.open(farm.url)
    page.wait("document.body.dataset.link === 'signed-out'")
    assert "grange open" in page.text(".notice")


def test_colours_follow_the_system(farm: FakeFarm, page: Page) -> None:
    show(farm, page)
    light = page.ask("getComputedStyle(document.body).backgroundColor")
    page.resize(1280, 800, dark=True)
    dark = page.ask("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    content(page)
