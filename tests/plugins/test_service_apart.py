"""A studio's service that hangs, eats memory or crashes fails its run, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from grange.model.states import RunStatus
from grange.plugins import service_apart
from grange.plugins.host import PluginError, TaskPlugin, available
from tests.plugins.build import a_plugin, a_studio

SOURCE = """
import json, os, re, signal, time
from grange.plugins.contract import PluginError
from grange.plugins.service import Service


class Ours(Service):
    def __init__(self, run, context):
        super().__init__(run, context)
        self.count = 0
        {constructor}

    @classmethod
    def found(cls):
        {found}
        return "ours"

    def environment(self):
        print("a service that prints")
        names = ",".join(name for name in os.environ if name.startswith("GRANGE_"))
        return {{"PID": str(os.getpid()), "NAMES": names}}

    def command(self):
        self.log.append("made ready")
        self.count += 1
        {command}
        return ("tool", "-n", str(self.count))

    def check_exit_status(self, status):
        self.count += 1
        {status}
        return status in (0, 3) and self.count == 2

    def check_rendered_files(self, files):
        {files}
        return []
"""
PLACES = ("constructor", "found", "command", "status", "files")
HANGS = {
    "a loop": "while True: pass",
    "a search that takes years": "re.match('(x+x+)+y', 'x' * 60)",
    "sleep": "time.sleep(60)",
    "a process that is stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
}
ENDS = {
    "a crash": "os.kill(os.getpid(), signal.SIGSEGV)",
    "an exit": "os._exit(0)",
    "garbage": "os.write(3, b'x' * 99)",
}
BREAKS = {
    "constructor": "raise OSError('no such place')",
    "command": "raise OSError('no such place')",
}


def studio(folder: Path, **trouble: str) -> Path:
    lines = {place: trouble.get(place, "pass") for place in PLACES}
    return a_studio(folder, "services", "ours", SOURCE.format(**lines))


def ours(folder: Path, trouble: Mapping[str, str] | None = None, /, **changes: Any) -> TaskPlugin:
    made = studio(folder, **(trouble or {}))
    return a_plugin(folder, made, **{"service": "ours", **changes})


def process_of(plugin: TaskPlugin) -> psutil.Process:
    return psutil.Process(int(plugin.prepared.environment["PID"]))


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture(autouse=True)
def own_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test starts its own."""
    monkeypatch.setattr(service_apart.SPARES, "_idle", [])
    yield
    service_apart.SPARES.end()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_apart, "HANG_S", 0.2)
    monkeypatch.setattr(service_apart, "JUDGE_S", 0.2)


@pytest.mark.proves("render.services.default_parser")
def test_a_service_does_its_work_in_a_process_of_its_own(tmp_path: Path) -> None:
    plugin = ours(tmp_path)
    assert process_of(plugin).pid in children()
    assert plugin.prepared.command == ("tool", "-n", "1")
    assert plugin.prepared.log == "made ready\n"
    assert plugin.feed(b"PROGRESS: 40%\n").percent == 40  # by its default parser
    assert plugin.finish(3, None).status == RunStatus.DONE  # it knows what it has counted


@pytest.mark.parametrize("trouble", HANGS.values(), ids=HANGS)
@pytest.mark.parametrize("place", ["constructor", "command"])
def test_a_run_whose_service_hangs_does_not_start(
    place: str, trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_apart, "START_S", 0.8)
    monkeypatch.setattr(service_apart, "HANG_S", 0.2)
    before = children()
    with pytest.raises(PluginError, match=r"'ours' cannot.*:\nthe service did not answer in 1 s"):
        ours(tmp_path, {place: trouble})
    assert children() == before


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("trouble", HANGS.values(), ids=HANGS)
@pytest.mark.parametrize("place", ["status", "files"])
def test_a_run_whose_service_hangs_at_its_end_has_failed(
    place: str, trouble: str, tmp_path: Path
) -> None:
    plugin = ours(tmp_path, {place: trouble})
    process = process_of(plugin)
    verdict = plugin.finish(0, None)
    assert verdict.status == RunStatus.FAILED
    assert verdict.message == "service 'ours' broke: the service did not answer in 0.2 s"
    assert not process.is_running()


@pytest.mark.parametrize("trouble", ENDS.values(), ids=ENDS)
def test_a_service_whose_process_ends_fails_its_run(trouble: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="cannot prepare the run:\nthe service"):
        ours(tmp_path, {"constructor": trouble})
    plugin = ours(tmp_path, {"status": trouble})
    verdict = plugin.finish(0, None)
    assert verdict.status == RunStatus.FAILED
    assert verdict.message.startswith("service 'ours' broke: the service")


def test_a_service_that_wants_too_much_memory_gets_an_error(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"in command\n(.*\n)*MemoryError"):
        ours(tmp_path, {"command": "bytearray(5 * 1024**3)"})


@pytest.mark.parametrize(("place", "trouble"), BREAKS.items())
def test_what_a_service_throws_is_told_with_its_place(
    place: str, trouble: str, tmp_path: Path
) -> None:
    with pytest.raises(PluginError, match=r"ours\.py.*\n.*\nOSError: no such place$"):
        ours(tmp_path, {place: trouble})


def test_a_service_that_says_why_it_cannot_run_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"^no licence here$"):
        ours(tmp_path, {"command": "raise PluginError('no licence here')"})


def test_what_can_be_no_command_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"Expected `str`, got `int` - at `\$.command\[1\]`"):
        ours(tmp_path, {"command": "return ('sleep', 5)"})
    plugin = ours(tmp_path, {"files": "return [None]"})
    assert "Expected `str`, got `null`" in plugin.finish(0, None).message


def test_files_that_a_service_calls_bad_are_named(tmp_path: Path) -> None:
    verdict = ours(tmp_path, {"files": "return ['too dark', 'too small']"}).finish(0, None)
    assert (verdict.status, verdict.message) == (RunStatus.BAD_FILES, "too dark (and 1 more)")


def test_what_it_does_not_override_is_as_in_any_service(tmp_path: Path) -> None:
    out = Path(tmp_path, "a.png")
    out.write_bytes(b"no picture")
    doubt = ours(tmp_path, files=(str(out),), check_rendered_files=True).finish(0, None)
    assert doubt.message == f"File was there before and has not changed: {out}"
    assert doubt.thumbnails == (str(out),)


def test_a_service_is_told_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANGE_TOKEN", "secret")
    assert ours(tmp_path).prepared.environment["NAMES"] == ""


@pytest.mark.proves("render.services.class")
def test_the_next_run_gets_the_process_of_an_ended_one(tmp_path: Path) -> None:
    plugin = ours(tmp_path)
    first = process_of(plugin)
    plugin.finish(0, None)
    again = ours(tmp_path)
    assert process_of(again) == first
    assert again.prepared.command == ("tool", "-n", "1")  # nothing is left of the one before
    again.finish(0, None)


def test_a_service_that_breaks_does_not_cost_its_process(tmp_path: Path) -> None:
    plugin = ours(tmp_path)
    process = process_of(plugin)
    plugin.finish(0, None)
    with pytest.raises(PluginError):
        ours(tmp_path, {"command": "1 / 0  # this makes the file longer"})
    assert process_of(ours(tmp_path)) == process


@pytest.mark.parametrize("trouble", [HANGS["a loop"], *ENDS.values(), "1 / 0"])
def test_a_service_that_does_not_say_what_it_found_is_not_available(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_apart, "START_S", 0.3)
    monkeypatch.setattr(service_apart, "HANG_S", 0.2)
    monkeypatch.setattr("grange.plugins.host.known", lambda _: ("generic", "ours"))
    assert available([str(studio(tmp_path, found=trouble))]) == {"generic": "any command"}


def test_a_service_that_says_what_it_found_is_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.plugins.host.known", lambda _: ("ours",))
    assert available([str(studio(tmp_path))]) == {"ours": "ours"}


def test_a_service_of_afanasy_runs_apart_as_it_is(tmp_path: Path) -> None:
    source = (
        "import os\nfrom services import service\nparser = 'nuke'\n"
        "class ours(service.service):\n"
        "    def getCommand(self): return 'echo %d ' % os.getpid() + self.taskInfo['job_name']\n"
        "    def checkExitStatus(self, i_status): return i_status == 9\n"
    )
    made = a_studio(tmp_path, "services", "ours", source)
    plugin = a_plugin(tmp_path, made, service="ours", job_name=json.dumps("a b"))
    _, pid, *words = str(plugin.prepared.command).split(maxsplit=2)
    assert (int(pid) in children(), words) == (True, ['"a b"'])
    assert plugin.feed(b"Writing /a.exr .5").frame_percent == 50
    assert plugin.finish(9, None).status == RunStatus.DONE
