"""A studio's parser that hangs, eats memory or crashes costs its run nothing but its progress."""

from __future__ import annotations

import gc
import os
import subprocess
from pathlib import Path

import msgspec
import psutil
import pytest

from grange.model.states import RunStatus
from grange.plugins import apart, companion
from grange.plugins.host import TaskPlugin
from tests.plugins.build import a_plugin, a_studio

SOURCE = """
import os, re, signal, sys
from grange.plugins.parser import Parser


class Ours(Parser):
    def __init__(self):
        super().__init__()
        self.str_error = ["NO LICENCE"]

    def do(self, i_args):
        data = i_args["data"]
        self.report = str(os.getpid())
        self.activity = ",".join(name for name in os.environ if name.startswith("GRANGE_"))
        if "percent" in data:
            self.percent = int(data.split()[-1])
            print("a parser that prints")
        if "file" in data:
            self.appendFile("a.png")
        %s
"""
TROUBLE = {
    "a loop": "while 'hang' in data: pass",
    "a search that takes years": "re.match('(x+x+)+y', 'x' * 60) if 'hang' in data else None",
    "sleep": "signal.pause() if 'hang' in data else None",
    "a process that is stopped": "os.kill(os.getpid(), 19) if 'hang' in data else None",
}
ENDS = {
    "a crash": "os.kill(os.getpid(), signal.SIGSEGV) if 'end' in data else None",
    "an exit": "os._exit(0) if 'end' in data else None",
    "garbage": "os.write(3, b'x' * 99) if 'end' in data else None",
}


def ours(folder: Path, trouble: str = "") -> TaskPlugin:
    source = SOURCE % (trouble or "return None")
    return a_plugin(folder, a_studio(folder, "parsers", "ours", source), parser="ours")


def process_of(plugin: TaskPlugin) -> psutil.Process:
    return psutil.Process(int(plugin.feed(b"percent 12\n").report))


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_a_run_goes_on_without_a_parser_that_hangs(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = ours(tmp_path, trouble)
    process = process_of(plugin)
    monkeypatch.setattr(apart, "HANG_S", 0.2)
    reading = plugin.feed(b"hang\n")
    assert (reading.text, reading.warning, reading.percent) == (b"hang\n", True, 12)
    assert reading.log == "The parser did not answer in 0.2 s. Going on without it.\n"
    assert not process.is_running()
    assert plugin.feed(b"more\n").log == ""
    assert plugin.finish(0, None).status == RunStatus.DONE


@pytest.mark.parametrize("trouble", ENDS.values(), ids=ENDS)
def test_a_run_goes_on_without_a_parser_whose_process_ends(trouble: str, tmp_path: Path) -> None:
    plugin = ours(tmp_path, trouble)
    process_of(plugin)
    reading = plugin.feed(b"end\n")
    assert (reading.text, reading.warning, reading.stop) == (b"end\n", True, "")
    assert reading.log.endswith("Going on without it.\n")
    assert plugin.finish(0, None).status == RunStatus.DONE


def test_a_parser_that_wants_too_much_memory_gets_an_error(tmp_path: Path) -> None:
    plugin = ours(tmp_path, "bytearray(3 * 1024**3) if 'eat' in data else None")
    process_of(plugin)
    reading = plugin.feed(b"eat\n")
    assert reading.message == "the parser broke: MemoryError()"
    assert plugin.feed(b"percent 40\n").percent == 40


def test_a_parser_that_says_too_much_is_cut_short(tmp_path: Path) -> None:
    plugin = ours(tmp_path, "return 'x' * 50_000_000")
    assert 1_000_000 < len(plugin.feed(b"line\n").text) < 4_000_000


def test_a_parser_is_told_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart.SPARES, "_idle", [])
    monkeypatch.setenv("GRANGE_TOKEN", "secret")
    assert ours(tmp_path).feed(b"x\n").activity == ""


def test_what_a_parser_finds_comes_over_whole(tmp_path: Path) -> None:
    Path(tmp_path, "a.png").touch()
    plugin = ours(tmp_path)
    assert plugin.feed(b"no licence, again? (y/n)").stop == "error"  # its line is not ended
    plugin.feed(b"\nfile\n")
    plugin.feed(b"file\n")
    verdict = plugin.finish(1, None)
    assert verdict.files == (f"{tmp_path}/a.png",)
    assert verdict.message == "no licence, again? (y/n)"


def test_the_next_run_gets_the_process_of_an_ended_one(tmp_path: Path) -> None:
    plugin = ours(tmp_path)
    first = process_of(plugin)
    plugin.finish(0, None)
    again = ours(tmp_path)
    assert process_of(again) == first
    assert again.feed(b"x\n").percent == 12  # of this run: nothing is left of the one before
    again.finish(0, None)


def test_a_parser_that_cannot_be_loaded_does_not_cost_its_process(tmp_path: Path) -> None:
    plugin = ours(tmp_path)
    process = process_of(plugin)
    plugin.finish(0, None)
    broken = a_plugin(tmp_path, a_studio(tmp_path, "parsers", "bad", "1 / 0"), parser="bad")
    assert "ZeroDivisionError" in broken.feed(b"x\n").log
    assert process_of(ours(tmp_path)) == process


def test_of_a_run_that_is_given_up_no_process_is_left(tmp_path: Path) -> None:
    plugin = ours(tmp_path)
    process = process_of(plugin)
    del plugin
    gc.collect()
    assert not process.is_running()


def test_few_idle_processes_are_kept(tmp_path: Path) -> None:
    plugins = [ours(tmp_path) for _ in range(companion.IDLE_MAX + 1)]
    processes = [process_of(plugin) for plugin in plugins]
    for plugin in plugins:
        plugin.finish(0, None)
    alive = [process for process in processes if process.is_running()]
    assert len(alive) == companion.IDLE_MAX
    assert os.getpid() not in {process.pid for process in processes}


def test_a_process_that_the_kernel_holds_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        stdin = stdout = None

        def kill(self) -> None:
            pass

        def wait(self, timeout: float | None = None) -> int:
            assert timeout is not None, "waits for ever"
            raise subprocess.TimeoutExpired("", timeout)

    child = companion.Companion("grange.plugins.apart_main", "the parser", msgspec.Struct)
    with monkeypatch.context() as kernel:
        kernel.setattr(child, "_process", Held())
        child.end()
    child.end()
    assert not child.lives
