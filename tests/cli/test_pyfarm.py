"""`grange pyfarm`: the queue as PyFarm's dictionary: looked at, kept, restored."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from grange.cli import queue_file, screen
from grange.cli.exits import ExitCode
from grange.cli.main import app
from grange.doors.pyfarm.json_form import from_json, to_json
from grange.doors.pyfarm.xml_in import from_xml
from grange.doors.pyfarm.xml_out import to_xml
from tests.doors.native.served import Served, served
from tests.doors.pyfarm.vectors import VECTORS, seed

Grange = Callable[..., Result]
NUMBER = itertools.count(1)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("farm")) as found:
        yield found


@pytest.fixture
def grange(farm: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Grange]:
    """Runs commands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    environment = {
        "GRANGE_SERVER": farm.listener.url,
        "GRANGE_TOKEN": farm.admin,
        "GRANGE_HOME": str(tmp_path / "state"),
        "COLUMNS": "100",
    }
    screen.out.cache_clear()
    screen.err.cache_clear()
    yield lambda *words: CliRunner().invoke(app, ["pyfarm", *words], env=environment)
    screen.out.cache_clear()
    screen.err.cache_clear()


def well(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def a_queue(path: str = "queue.xml", **fields: Any) -> str:
    """A file with the seed's example in it. The job's name."""
    name = f"Job{next(NUMBER)}"
    jobs = {name: seed()["Job1"] | fields}
    text = to_xml(jobs) if path.endswith(".xml") else to_json(jobs)
    Path(path).write_bytes(text.encode())
    return name


@pytest.mark.parametrize("path", ["queue.xml", "queue.json"])
def test_a_queue_is_restored_and_kept_again(grange: Grange, path: str) -> None:
    name = a_queue(path)
    assert name in well(grange("import", path))
    result = grange("export", f"again-{path}", "--job", name)
    well(result)
    assert f"again-{path}: " in result.stderr
    data = Path(f"again-{path}").read_bytes()
    found = from_xml(data) if path.endswith(".xml") else from_json(data)
    frame = found[name]["subjobs"]["sub1"]["frames"][3]
    assert (frame["status"], frame["stdout"]) == (
        "Complete",
        "This is the first line in the log\nThis is the second",
    )
    assert list(Path().glob(".*")) == []


def test_the_queue_of_2009_is_restored_and_what_has_no_place_is_said(grange: Grange) -> None:
    name = f"Job{next(NUMBER)}"
    text = VECTORS["pyfarm_2009_xml_of_seed"].replace('name="Job1"', f'name="{name}"')
    Path("old.xml").write_text(text)
    result = grange("import", "old.xml")
    well(result)
    assert "there is no place for 'software' of 3 frames" in " ".join(result.stderr.split())


def test_a_job_is_listed_as_the_seed_lists_it(grange: Grange) -> None:
    name = a_queue()
    well(grange("import", "queue.xml"))
    printed = VECTORS["seed_printed"].replace("Rendering", "Waiting")
    assert well(grange("show", name)) == printed
    assert well(grange("show", name, "sub1")) == printed


def test_jobs_and_subjobs_are_listed_with_their_counts(grange: Grange) -> None:
    name = a_queue()
    well(grange("import", "queue.xml"))
    lines = [line.split() for line in well(grange("show")).splitlines()]
    assert lines[0] == ["JOB", "SUBJOB", "STATUS", "COMPLETE", "FAILED", "TOTAL"]
    assert [name, "Rendering", "1", "1", "3"] in lines
    assert [name, "sub1", "Rendering", "1", "1", "3"] in lines
    assert json.loads(well(grange("show", "--json")))[name]["status"] == "Rendering"


def test_it_is_written_into_a_pipe(grange: Grange) -> None:
    name = a_queue()
    well(grange("import", "queue.xml"))
    result = grange("export", "--job", name, "--logs", "none")
    assert from_xml(result.stdout_bytes)[name]["subjobs"]["sub1"]["frames"][1]["stdout"] is None
    assert result.stderr == ""


def test_many_logs_are_sent_by_themselves(grange: Grange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_file, "LOGS_MAX", 50_000)
    jobs = {}
    for _ in range(2):
        job = seed()["Job1"]
        for number in range(4, 12):
            frame = {"status": "Complete", "host": None, "pid": None, "command": f"r {number}"}
            log = f"{number} ü\udcff " * 4_000
            job["subjobs"]["sub1"]["frames"][number] = frame | {"stdout": log}
        jobs[f"Job{next(NUMBER)}"] = job
    data = to_json(jobs).encode()
    assert len(data) > 2 * 100_000, "more than one request may have"
    Path("large.json").write_bytes(data)
    result = grange("import", "large.json")
    well(result)
    assert "not kept" not in result.stderr
    for name in jobs:
        well(grange("export", "--job", name, "x.json"))
        found = from_json(Path("x.json").read_bytes())
        for number, frame in found[name]["subjobs"]["sub1"]["frames"].items():
            assert frame["stdout"] == jobs[name]["subjobs"]["sub1"]["frames"][number]["stdout"]


def test_logs_of_jobs_that_are_there_already_are_left_out(
    grange: Grange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_file, "LOGS_MAX", 1)
    a_queue()
    found = json.loads(well(grange("import", "queue.xml", "--json")))
    assert len(found["jobs"]) == 1
    result = grange("import", "queue.xml", "--existing", "skip")
    well(result)
    assert "already: left out" in result.stderr


def test_jobs_become_somebody_elses(grange: Grange) -> None:
    name = a_queue()
    well(grange("import", "queue.xml", "--user", "eve"))
    assert json.loads(well(grange("show", name, "--json")))[name]["user"] == "eve"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "none"), ExitCode.NOT_FOUND, "no job 'none'"),
        (("export", "--job", "none"), ExitCode.NOT_FOUND, "no job 'none'"),
        (("export", "queue.txt"), ExitCode.USAGE, "its name ends with .xml or .json"),
        (("export", "none/queue.xml"), ExitCode.USAGE, "none/queue.xml cannot be written"),
        (("export", "--logs", "some"), ExitCode.USAGE, "write none, tail, full"),
        (("import", "none.xml"), ExitCode.USAGE, "none.xml cannot be read"),
        (("import", "bad.xml"), ExitCode.USAGE, "bad.xml: line 1: a document type is not read"),
        (("import", "bad.json"), ExitCode.USAGE, "bad.json: not JSON"),
        (("import", "huge.xml"), ExitCode.USAGE, "a queue has at most"),
        (("import", "q.xml", "--existing", "x"), ExitCode.USAGE, "write refuse, skip, add"),
    ],
)
def test_what_cannot_be_is_said(
    grange: Grange, words: tuple[str, ...], code: ExitCode, said: str
) -> None:
    Path("bad.xml").write_text("<!DOCTYPE jobs [<!ENTITY a 'a'>]><jobs/>")
    Path("bad.json").write_text("{")
    with Path("huge.xml").open("wb") as file:
        file.truncate(1024**3)
    result = grange(*words)
    assert result.exit_code == code
    assert said in " ".join(result.stderr.split())
