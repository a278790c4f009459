"""What the page shows of machines and of what runs used, in a real browser."""

from __future__ import annotations

import pytest

from grange.model.run import Dial, Gpu, Meter, Resources, RunResult
from grange.model.states import RunStatus, TaskState
from tests.web import make
from tests.web.browser import Page
from tests.web.fake import FakeFarm
from tests.web.test_page import HOSTILE, TASKS, content, show

pytestmark = pytest.mark.timeout(900)  # the first one may have to install the browser

OVER = "used 5,210 MB of memory, asked for 4,000 MB"


def test_a_tile_shows_gpus_and_what_a_studios_own_classes_measure(
    farm: FakeFarm, page: Page
) -> None:
    load = Resources(
        cpu_idle=25,
        mem_total_mb=32_000,
        mem_free_mb=16_000,
        gpu_mem_total_mb=48_000,
        gpu_mem_used_mb=12_000,
        gpus=(Gpu(util=10), Gpu(util=80)),
        custom=(
            Dial(
                name="licences",
                value=7,
                valuemax=10,
                label="Nuke:\n7 of 10",
                tooltip="who: ada",
                graph_colour=(200, 10, 30),
            ),
            Dial(name="broken", valid=False, fault="ZeroDivisionError"),
            Dial(name="hostile", value=-5, valuemax=0, label=HOSTILE, tooltip=HOSTILE),
        ),
    )
    show(farm, page, workers=(make.worker(resources=load),))
    page.wait("document.querySelectorAll('.dial').length === 2")
    assert page.texts(".dial-label") == ["Nuke: 7 of 10", HOSTILE]
    levels = (
        "[...document.querySelectorAll('.gauge .level, .dial .level')].map((l) => l.style.width)"
    )
    assert page.ask(levels) == ["75%", "50%", "80%", "70%", "0%"]
    colour = page.ask("document.querySelector('.dial .level').style.backgroundColor")
    assert colour == "rgb(200, 10, 30)"
    assert page.ask("document.querySelector('.dial').title") == "who: ada"
    assert page.ask("document.title") != "broken"
    content(page)


def test_a_machine_without_gpus_and_classes_shows_none(farm: FakeFarm, page: Page) -> None:
    show(farm, page)
    page.wait("document.querySelector('.tile')")
    shown = "[...document.querySelectorAll('.gauge, .dials')].filter((g) => !g.hidden).length"
    assert page.ask(shown) == 2
    content(page)


def test_a_tile_marks_a_worker_that_does_not_follow_its_pool(farm: FakeFarm, page: Page) -> None:
    show(farm, page, workers=(make.worker(dirty=("services", "capacity_host")),))
    page.wait("document.querySelector('.tile-own:not([hidden])')")
    tip = "its own instead of its pool's: services, capacity_host"
    assert page.ask("document.querySelector('.tile-own').title") == tip
    farm.patch(number=8, workers=(make.worker(),))
    page.wait("document.querySelector('.tile-own[hidden]')")
    content(page)


def test_a_tile_says_what_people_are_to_be_told_of_a_machine(farm: FakeFarm, page: Page) -> None:
    told = "memory 95 % in use for 60 s"
    show(farm, page, workers=(make.worker(trouble=told),))
    page.wait("document.querySelector('.tile-trouble:not([hidden])')")
    assert page.ask("document.querySelector('.tile-trouble').title") == told
    farm.patch(number=8, workers=(make.worker(),))
    page.wait("document.querySelector('.tile-trouble[hidden]')")
    content(page)


def test_a_run_that_used_more_than_it_asked_for_says_so(farm: FakeFarm, page: Page) -> None:
    meter = Meter(cpu_s=95.0, peak_memory_mb=5_210, gpu_memory_mb=2_048, read_mb=30, written_mb=4)
    result = RunResult(status=RunStatus.DONE, warning=True, message=OVER, meter=meter)
    ended = make.run(3, result=result, progress=None, ended=make.NOW - 1)
    task = make.task(3, TaskState.DONE, flags=("warning",), message=OVER)
    farm.json[f"{TASKS}/3"] = make.detail(ended, task=task)
    farm.bytes["/runs/103/log"] = b""
    show(farm, page, "#/job/1/0/3")
    page.wait("document.querySelector('.run-note')?.textContent")
    assert page.text(".run-note") == OVER
    assert OVER in page.texts("#task .message")
    assert page.text(".run-used") == "5.1 GB"
    assert page.ask("document.querySelector('.run-used').title") == (
        "processor 1 min 35 s, memory 5.1 GB, GPU memory 2.0 GB, read 30 MB, written 4 MB"
    )
    content(page)


@pytest.mark.proves("render.parsers.report")
def test_what_a_parser_reports_stands_on_its_job(farm: FakeFarm, page: Page) -> None:
    show(farm, page, "#/job/1", jobs=(make.job(report=HOSTILE),))
    page.wait("document.querySelector('.report')?.textContent")
    assert page.text(".report") == HOSTILE
    content(page)
