"""Thumbnails on the worker: which are made, in what order, and what comes of it."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from typing_extensions import override

from grange.model.machine import MachineSettings
from grange.model.states import RunStatus
from grange.plugins.pictures import child as child_module
from grange.plugins.pictures import thumbnail
from grange.plugins.pictures.child import Child
from grange.plugins.pictures.thumbnail import Wish
from grange.wire.worker import PICTURE_MAX, PICTURES_SINCE, Ended, Picture
from grange.worker import pictures as module
from grange.worker.pictures import Pictures
from grange.worker.plugin import HostPlugins
from tests.plugins.painting import flat, paint, read
from tests.worker.build import a_run
from tests.worker.server import FarmServer
from tests.worker.site import working

pytestmark = pytest.mark.anyio

WISH = Wish(side_px=64, size_max=PICTURE_MAX)
PATIENCE_S = 60.0  # generous: the machine may be busy
COPY = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"


class Maker:
    """Pictures, and somebody who takes thumbnails or does not."""

    def __init__(self, folder: Path, wish: Wish = WISH) -> None:
        self.folder = folder
        self.takes = True
        self.shown: list[Picture] = []
        self._news = asyncio.Event()
        self.pictures = Pictures(
            asyncio.get_running_loop(), wish, takes=lambda: self.takes, show=self._show
        )

    def _show(self, picture: Picture) -> None:
        self.shown.append(picture)
        self._news.set()

    def paths(self, *names: str) -> tuple[str, ...]:
        """Pictures of these names."""
        return tuple(str(paint(self.folder / name, flat(1, 0, 0))) for name in names)

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def until_shown(self, *names: str) -> None:
        await self.until(lambda: len(self.shown) >= len(names))
        assert [picture.name for picture in self.shown] == list(names)

    async def settle(self) -> None:
        """Let what was told come to the loop."""
        await asyncio.sleep(0)

    def take(self) -> None:
        self.takes = True
        self.pictures.go_on()


@pytest.fixture
async def maker(tmp_path: Path) -> AsyncIterator[Maker]:
    """With somebody who does not take any yet."""
    found = Maker(tmp_path)
    found.takes = False
    yield found
    found.pictures.close()


async def test_of_ended_runs_the_newest_goes_first_its_pictures_in_their_order(
    maker: Maker,
) -> None:
    maker.pictures.of_ended(a_run(1), maker.paths("1.png"))
    maker.pictures.of_ended(a_run(2), maker.paths("2.png", "3.exr"))
    await maker.settle()
    maker.take()
    await maker.until_shown("2.png", "3.exr", "1.png")
    assert [picture.run_id for picture in maker.shown] == [2, 2, 1]
    assert all(picture.data.startswith(b"\xff\xd8\xff") for picture in maker.shown)


async def test_of_a_run_that_goes_on_the_latest_counts_and_each_run_has_its_turn(
    maker: Maker,
) -> None:
    first, second = a_run(1), a_run(2)
    maker.pictures.of_running(first, maker.paths("1a.png", "1b.png"))
    maker.pictures.of_running(second, maker.paths("2a.png"))
    maker.pictures.of_running(first, maker.paths("1c.png"))
    await maker.settle()
    maker.take()
    await maker.until_shown("1c.png", "2a.png")


async def test_an_ended_run_goes_before_one_that_goes_on(maker: Maker) -> None:
    maker.pictures.of_running(a_run(1), maker.paths("early.png"))
    maker.pictures.of_running(a_run(2), maker.paths("other.png"))
    maker.pictures.of_ended(a_run(1), maker.paths("last.png"))
    await maker.settle()
    maker.take()
    await maker.until_shown("last.png", "other.png")


async def test_more_than_a_few_do_not_wait(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RUNNING_MAX", 1)
    for number in range(2 * module.ENDED_MAX):
        maker.pictures.of_ended(a_run(number + 1), ("/none/a.png",))
        maker.pictures.of_running(a_run(1_000 + number), ("/none/b.png",))
    await maker.settle()
    assert len(maker.pictures._ended) == module.ENDED_MAX
    assert len(maker.pictures._running) == 1


async def test_a_job_that_wants_none_gets_none(maker: Maker) -> None:
    unwanted = a_run(1, skip_thumbnails=True)
    maker.pictures.of_ended(unwanted, maker.paths("1.png"))
    maker.pictures.of_running(unwanted, maker.paths("2.png"))
    maker.pictures.of_running(a_run(2), maker.paths("3.tif")[:0])
    maker.pictures.of_running(a_run(2), ("/etc/passwd",))
    maker.pictures.of_ended(a_run(2), maker.paths("4.png"))
    await maker.settle()
    maker.take()
    await maker.until_shown("4.png")


async def test_a_worker_that_is_to_make_none_makes_none(tmp_path: Path) -> None:
    maker = Maker(tmp_path, Wish(side_px=0, size_max=PICTURE_MAX))
    maker.pictures.of_ended(a_run(1), maker.paths("1.png"))
    await maker.settle()
    assert not maker.pictures._busy
    maker.pictures.close()


async def test_what_is_no_picture_costs_a_line_of_the_log(
    maker: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, module.__name__)
    bad = maker.folder / "bad.png"
    bad.write_bytes(b"no picture")
    maker.pictures.of_ended(a_run(1), maker.paths("good.png"))
    maker.pictures.of_ended(a_run(2), (str(bad), str(maker.folder / "gone.png")))
    await maker.settle()
    maker.take()
    await maker.until_shown("good.png")
    said = [record.message for record in caplog.records]
    assert said[0] == f"run 2: no thumbnail of {bad}: it does not begin as PNG does"
    (gone,) = said[1:]
    assert gone.startswith(f"run 2: no thumbnail of {maker.folder}/gone.png: it cannot be read")


async def test_what_this_machine_lacks_is_told_once(
    maker: Maker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, module.__name__)
    monkeypatch.setattr(thumbnail, "NEEDED", ("no_such_module",))
    maker.takes = True
    for number in (1, 2):
        maker.pictures.of_ended(a_run(number), maker.paths("a.png"))
        await maker.settle()
    assert [record.message for record in caplog.records] == [
        "no thumbnails are made: this machine's Python has no no_such_module"
    ]
    assert not maker.pictures._ended


def hanging(path: str, wish: Wish) -> Child:
    """What a decoder that never ends would be."""
    return Child("http.server", ("0", "--bind", "127.0.0.1"))


async def test_the_one_under_way_ends_with_the_worker(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Child] = []

    def start(path: str, wish: Wish) -> Child:
        started.append(hanging(path, wish))
        return started[-1]

    monkeypatch.setattr(thumbnail, "start", start)
    maker.takes = True
    maker.pictures.of_ended(a_run(1), ("/none/a.png",))
    await maker.settle()
    maker.pictures.close()
    await asyncio.to_thread(maker.pictures._thread.shutdown, wait=True)
    assert [child._process.poll() for child in started] in ([-9], [])


async def test_behind_one_that_does_not_even_die_no_other_is_started(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Child, "kill", lambda _: None)  # as if it slept in the kernel
    monkeypatch.setattr(thumbnail, "MAKE_S", 0.0)
    monkeypatch.setattr(child_module, "DIE_S", 0.0)
    monkeypatch.setattr(thumbnail, "start", hanging)
    maker.pictures.of_ended(a_run(1), maker.paths("1.png", "2.png"))
    await maker.settle()
    maker.take()
    async with asyncio.timeout(PATIENCE_S):
        while maker.pictures._busy:  # noqa: ASYNC110 (a turn of the loop, not a wait)
            await asyncio.sleep(0)
    assert [shot.path for shot in maker.pictures._ended] == [str(maker.folder / "2.png")]
    stuck = maker.pictures._child
    assert stuck is not None
    monkeypatch.undo()
    stuck.kill()
    stuck._process.wait()
    maker.pictures.go_on()
    await maker.until_shown("2.png")


# --- with a daemon


class OwnPlugins(HostPlugins):
    """Those that ship, without asking every program of this machine for its version."""

    @override
    def available(self) -> dict[str, str]:
        return {"generic": "sh"}


def pictures(server: FarmServer) -> list[tuple[int, str]]:
    return [(item.run_id, item.name) for item in server.heard if isinstance(item, Picture)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A picture that tasks copy."""
    return paint(tmp_path / "source.png", flat(1, 0, 0))


@pytest.mark.proves("render.thumbnails.after_the_task", "render.thumbnails.of_files")
async def test_a_picture_of_an_ended_run_is_shown_after_its_result(
    server: FarmServer, tmp_path: Path, source: Path
) -> None:
    async with working(server, tmp_path, OwnPlugins()):
        run = a_run(
            command=(sys.executable, "-c", COPY, str(source), "out.png"),
            files=("out.png",),
            working_directory=str(tmp_path),
        )
        assert (await server.execute(run)).status is RunStatus.DONE
        await server.until(lambda: pictures(server))
        assert pictures(server) == [(1, "out.png")]
        kinds = [type(item) for item in server.heard]
        assert kinds.index(Ended) < kinds.index(Picture)
        (shown,) = (item for item in server.heard if isinstance(item, Picture))
        assert len(shown.data) <= PICTURE_MAX


@pytest.mark.proves("render.thumbnails.on_the_fly")
async def test_a_picture_is_shown_while_its_run_goes_on(
    server: FarmServer, tmp_path: Path, source: Path
) -> None:
    async with working(server, tmp_path, OwnPlugins()):
        await server.start(a_run(command=f"echo '@IMAGE!@{source}'; exec sleep 1000"))
        await server.until(lambda: pictures(server) == [(1, "source.png")])
        assert server.count(Ended) == 0
        await server.stop()
        await server.result()


@pytest.mark.proves("render.thumbnails.size")
@pytest.mark.parametrize(("side_px", "size"), [(16, (16, 12)), (48, (48, 36))])
async def test_a_thumbnail_is_as_large_as_its_machine_is_set_to_make_it(
    side_px: int, size: tuple[int, int], server: FarmServer, tmp_path: Path, source: Path
) -> None:
    machine = MachineSettings(thumbnail_px=side_px)
    async with working(server, tmp_path, OwnPlugins(), machine=machine):
        await server.execute(a_run(command="true", files=(str(source),)))
        await server.until(lambda: pictures(server))
    (shown,) = (item for item in server.heard if isinstance(item, Picture))
    assert read(shown.data, tmp_path).shape[1::-1] == size


async def test_a_picture_that_is_none_harms_neither_its_run_nor_the_next(
    server: FarmServer, tmp_path: Path, source: Path
) -> None:
    async with working(server, tmp_path, OwnPlugins()):
        bad = a_run(
            command="echo nonsense > bad.png; mkfifo bad.tga",
            files=("bad.png", "bad.tga"),
            working_directory=str(tmp_path),
        )
        result = await server.execute(bad)
        assert (result.status, result.warning) == (RunStatus.DONE, False)
        good = a_run(2, command=f"cp {source} good.png", files=("good.png",))
        await server.execute(good)
        await server.until(lambda: pictures(server))
        assert pictures(server) == [(2, "good.png")]


async def test_a_thumbnail_that_takes_for_ever_delays_no_result(
    server: FarmServer, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnail, "start", hanging)
    async with working(server, tmp_path, OwnPlugins()):
        for number in (1, 2, 3):
            run = a_run(
                number, command="true", files=(str(source),), working_directory=str(tmp_path)
            )
            assert (await server.execute(run)).status is RunStatus.DONE


async def test_an_older_server_gets_results_and_no_pictures(
    server: FarmServer, tmp_path: Path, source: Path
) -> None:
    server.version = PICTURES_SINCE - 1
    shutil.copy(source, tmp_path / "out.png")
    async with working(server, tmp_path, OwnPlugins()) as site:
        for number in (1, 2):
            run = a_run(number, command="true", files=(str(tmp_path / "out.png"),))
            assert (await server.execute(run)).status is RunStatus.DONE
        site.leave.set()
        await server.until(lambda: server.left)
    assert pictures(server) == []
