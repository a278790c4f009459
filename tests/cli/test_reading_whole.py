"""The commands that show one task or one worker, whole."""

from __future__ import annotations

import re

import msgspec
import pytest

from grange.model.nodes import WorkerSpec
from grange.model.run import Dial, Gpu, NetworkInterface, Progress, Resources, Traits
from grange.model.states import Presence, WorkerState
from tests.cli.conftest import Terminal
from tests.client import build

GIB = 1_024  # MB
USED = msgspec.convert(
    {"run_id": 40, "percent": 55, "cpu_percent": 180.0, "read_mb": 7, "written_mb": 8}
    | {"memory_mb": 2 * GIB, "gpu_memory_mb": GIB // 2},
    Progress,
)
LOAD = msgspec.convert(
    {"cpu_idle": 20, "cpu_user": 70, "cpu_system": 10, "cpu_loadavg": (1.0, 2.0, 3.0)}
    | {"cpu_mhz": 3_600, "cpu_temp": 61, "swap_total_mb": GIB}
    | {"mem_total_mb": 64 * GIB, "mem_free_mb": 32 * GIB, "mem_cached_mb": 4 * GIB}
    | {"hdd_total_gb": 900, "hdd_free_gb": 80, "hdd_rd_kbsec": 1_500, "net_send_kbsec": 20}
    | {"gpus": [Gpu(name="Big", util=90, temp=70, mem_total_mb=80 * GIB, mem_used_mb=GIB)]}
    | {"logged_in_users": ["ada"], "idle_s": 130.0}
    | {
        "custom": [
            Dial(name="licences", value=7, valuemax=10, label="Nuke\n7 of 10"),
            Dial(name="broken", valid=False, fault="ZeroDivisionError: x\nline 2"),
            Dial(name="none", valid=False, tooltip="no card"),
        ]
    },
    Resources,
)


@pytest.fixture(autouse=True)
def answers(grange: Terminal) -> None:
    grange.server.answer("GET /jobs/12/blocks/0/tasks/7", build.task_detail())
    grange.server.answer("GET /workers", {"workers": [build.worker_view()]})


def test_a_task_shows_its_command_and_what_each_run_used(grange: Terminal) -> None:
    title, command, *lines = grange.says("task", "12/0/7").splitlines()
    assert (title, command) == ("12/0/7 frame 8  done", "render 'a b.blend'")
    assert {"in /show", "makes /show/out.10.exr", "and 4 more files", "avoids node9"} <= {*lines}
    heads, running, done = lines[-3:]
    assert heads.split()[:6] == ["RUN", "STATUS", "WORKER", "TIME", "CPU", "MEMORY"]
    assert running.split()[:3] == ["41", "running", "node3"]
    assert "700 MB" in running
    words = " ".join(done.split())
    assert words.startswith("40 done node3 10s 7.5s 5.1 GB 2.0 GB 3 MB 90 MB ")
    assert words.endswith("used 5,210 MB of memory, asked for 4,000 MB")


def test_a_task_that_never_ran_says_so(grange: Terminal) -> None:
    grange.server.answer("GET /jobs/12/blocks/0/tasks/7", build.task_detail(runs=()))
    assert grange.says("task", "12/0/7").splitlines()[-1] == "it has not run yet"


def test_one_worker_shows_every_figure_with_its_unit(grange: Terminal) -> None:
    busy = build.worker_view(
        state=WorkerState.BUSY, resources=LOAD, runs=(build.run_view(progress=USED),)
    )
    grange.server.answer("GET /workers/3", busy)
    said = [" ".join(line.split()) for line in grange.says("workers", "node3").splitlines()]
    assert said[:5] == [
        "3 node3 busy /",
        "0 of 1,100 capacity used · 1 of 4 tasks · priority 99",
        "8 cores · 64.0 GB memory · 0 GB disk",
        "",
        "cpu 80% · 70% user, 10% system · load 1.00 2.00 3.00 · 3,600 MHz, 61 °C",
    ]
    assert said[5:14] == [
        "memory 32.0 GB of 64.0 GB · 4.0 GB of files kept",
        "swap 0 MB of 1.0 GB",
        "disk 80 of 900 GB free · read 1,500 KB/s, write 0 KB/s · 0% busy",
        "network receive 0 KB/s, send 20 KB/s",
        "gpu 0 90% · 1.0 GB of 80.0 GB · 70 °C · Big",
        "people ada · idle for 2m 10s",
        "licences 7 of 10 Nuke 7 of 10",
        "broken ZeroDivisionError: x",
        "none no card",
    ]
    assert said[-1].startswith("12/0/0 40 ")
    assert said[-1].endswith(" 55% 180% 2.0 GB 512 MB 7 MB 8 MB")


def test_a_worker_that_is_away_shows_what_it_is(grange: Terminal) -> None:
    gone = build.worker_view(
        state=WorkerState.OFFLINE,
        presence=Presence.OFFLINE,
        seen=1.0,
        why="nobody at home",
        traits=Traits(
            os="linux", cpu_cores=4, cpu_mhz=2_400, gpus=2, gpu_name="Big", gpu_mem_mb=9
        ),
    )
    grange.server.answer("GET /workers/3", gone)
    lines = grange.says("workers", "node3").splitlines()
    assert lines[1] == "nobody at home"
    assert lines[3].startswith("linux · 4 cores · 2,400 MHz")
    assert lines[3].endswith("2 x Big with 9 MB")
    assert lines[4].startswith("seen ")


@pytest.mark.proves(
    "render.editable.annotation",
    "render.attributes.netifs",
    "render.attributes.time_launch",
    "render.attributes.time_register",
    "render.attributes.time_update",
    "render.attributes.wol_operation_time",
    "render.attributes.address_ip",
    "render.states.dirty",
)
def test_what_is_set_on_a_worker_and_where_it_is_can_be_read(grange: Terminal) -> None:
    found = build.worker_view(
        spec=WorkerSpec(
            user="ada", annotation="by the window", capacity_host=500, max_tasks_host=9
        ),
        max_tasks=-1,
        dirty=("capacity_host", "max_tasks_host"),
        trouble="no task for 600 s",
        address="10.0.0.7",
        registered=1.0,
        joined=2.0,
        launched=3.0,
        updated=4.0,
        rested=5.0,
        traits=Traits(
            netifs=(
                NetworkInterface(name="eth0", mac="02:42", addresses=("10.0.0.7", "fd00::7")),
                NetworkInterface(name="tun0", addresses=("10.8.0.1",)),
            )
        ),
    )
    grange.server.answer("GET /workers/3", found)
    said = [" ".join(line.split()) for line in grange.says("workers", "node3").splitlines()]
    assert said[1:5] == [
        "no task for 600 s",
        "belongs to ada · 0 of 1,100 capacity used · 0 tasks · priority 99",
        "by the window",
        "own capacity_host, max_tasks_host; to follow the pool: grange workers node3 --as-pool",
    ]
    ago = r"\S+( \S+)? ago"
    life = (f"{word} {ago}" for word in ("started", "joined", "first met", "figures"))
    wanted = " · ".join(("from 10.0.0.7", *life, f"slept or woken {ago}"))
    assert re.fullmatch(wanted, said[6]), said[6]
    assert said[7:] == ["eth0 02:42 10.0.0.7 fd00::7", "tun0 10.8.0.1"]


def test_a_list_marks_who_does_not_follow_its_pool(grange: Terminal) -> None:
    own = build.worker_view(
        4, "node4", dirty=("services",), pool="/gpu", trouble="no task for 9 s"
    )
    grange.server.answer("GET /workers", {"workers": [build.worker_view(), own]})
    grange.server.answer("GET /credentials", {"credentials": []})
    _, first, second, mark = grange.says("workers").splitlines()
    assert "*" not in first
    assert "/gpu *" in second
    assert second.endswith("no task for 9 s")
    assert mark == "* has values of its own instead of its pool's; which: grange workers NAME"
