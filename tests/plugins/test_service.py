from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from typing_extensions import override

from grange.model.patterns import Command
from grange.plugins.contract import Context, PluginError, Prepared
from grange.plugins.outputs import LISTED_MAX, SKIPPED
from grange.plugins.paths import Pair, PathMap
from grange.plugins.service import Service
from tests.plugins.build import a_run


def prepare(kind: type[Service], folder: Path, **changes: object) -> Prepared:
    return kind(a_run(**changes), Context(work_folder=str(folder))).prepare()


@pytest.mark.proves("render.services.frames")
def test_an_argument_list_is_filled_and_stays_a_list(tmp_path: Path) -> None:
    command = ("render", "-s", "@#@", "-e", "@#@", "img.@####@.exr")
    ready = prepare(Service, tmp_path, command=command, frame_first=3, frame_last=5, frames_num=3)
    assert ready.command == ("render", "-s", "3", "-e", "5", "img.0003.exr")


def test_a_named_task_keeps_its_signs(tmp_path: Path) -> None:
    ready = prepare(Service, tmp_path, command="echo @#@", files=("a@#@",), numeric=False)
    assert (ready.command, ready.files) == ("echo @#@", (f"{tmp_path}/a@#@",))


@pytest.mark.proves("render.services.capacity_coefficient")
def test_capacity_is_inserted_in_each_argument(tmp_path: Path) -> None:
    command = ("r", "--threads=@AF_CAPACITY@")
    ready = prepare(Service, tmp_path, command=command, capacity_coeff=4)
    assert ready.command == ("r", "--threads=4")


def test_a_fixed_capacity_inserts_nothing(tmp_path: Path) -> None:
    assert prepare(Service, tmp_path, command="r @AF_CAPACITY@").command == "r @AF_CAPACITY@"


@pytest.mark.proves("render.services.hosts")
def test_hosts_are_arguments_of_their_own_and_can_be_written_otherwise(tmp_path: Path) -> None:
    class Semicolons(Service):
        @override
        def hosts_arguments(self, hosts: Sequence[str]) -> list[str]:
            return [f"-renderhost={';'.join(hosts)}"]

    context, command = Context(work_folder=str(tmp_path)), ("r", "@AF_HOSTS@")
    filled: list[Command] = []
    for kind in (Service, Semicolons):
        service = kind(a_run(command=command, hosts=("h1", "h2")), context)
        filled.append(service.prepare().command)
    assert filled == [("r", "-H", "h1,h2"), ("r", "-renderhost=h1;h2")]


def test_an_empty_command_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="the command of 'frame 1' is empty"):
        prepare(Service, tmp_path, command=())


def test_the_work_folder_is_used_where_no_folder_is_asked_for(tmp_path: Path) -> None:
    ready = prepare(Service, tmp_path)
    assert (ready.working_directory, ready.log) == (str(tmp_path), "")


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="there is no working directory '/no/such'"):
        prepare(Service, tmp_path, working_directory="/no/such")


def test_a_relative_folder_is_inside_the_work_folder(tmp_path: Path) -> None:
    Path(tmp_path, "in").mkdir()
    ready = prepare(Service, tmp_path, working_directory="in", files=("a.png",))
    assert ready.working_directory == f"{tmp_path}/in"
    assert ready.files == (f"{tmp_path}/in/a.png",)


def test_the_environment_is_what_the_submitter_asked_for(tmp_path: Path) -> None:
    assert prepare(Service, tmp_path, environment={"A": "b"}).environment == {"A": "b"}


def test_every_path_is_transferred(tmp_path: Path) -> None:
    class Mapped(Service):
        @override
        def transfer(self, text: str) -> str:
            return text.replace("P:/", f"{tmp_path}/")

    command = ("r", "P:/a", "-o=P:/b")
    ready = prepare(
        Mapped, tmp_path, command=command, files=("P:/c",), working_directory="P:/",
        environment={"D": "P:/d"},
    )  # fmt: skip
    assert ready.command == ("r", f"{tmp_path}/a", f"-o={tmp_path}/b")
    assert (ready.files, ready.environment["D"]) == ((f"{tmp_path}/c",), f"{tmp_path}/d")


def test_a_task_without_files_is_never_skipped(tmp_path: Path) -> None:
    assert prepare(Service, tmp_path, skip_existing_files=True).skip == ""


def test_a_file_that_is_too_large_is_not_skipped(tmp_path: Path) -> None:
    Path(tmp_path, "a").write_bytes(bytes(9))
    ready = prepare(Service, tmp_path, skip_existing_files=True, files=("a",), file_size_max=8)
    assert ready.skip == ""
    assert ready.log == f'Existing file size greater than maximum(9 > 8): "{tmp_path}/a"\n'


@pytest.mark.proves("render.services.checks_files")
@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"files": ("b",)}, ["File does not exist:\n{}/b"]),
        ({"files": ("\0",)}, ["File does not exist:\n{}/\0"]),
        ({"file_size_min": 6}, ["Rendered file size less than minimum (5 < 6):\n{}/a"]),
        ({"file_size_max": 4}, ["Rendered file size greater than maximum (5 > 4):\n{}/a"]),
        ({"file_size_min": 5, "file_size_max": 5}, []),
        ({"file_size_min": 0, "file_size_max": 0}, []),
        ({"files": ("b",), "check_rendered_files": False}, []),
    ],
)
def test_rendered_files_are_checked(
    changes: dict[str, object], wanted: list[str], tmp_path: Path
) -> None:
    Path(tmp_path, "a").write_bytes(bytes(5))
    run = a_run(**({"files": ("a",), "check_rendered_files": True} | changes))
    service = Service(run, Context(work_folder=str(tmp_path)))
    found = service.check_rendered_files(service.prepare().files)
    assert found == [text.format(tmp_path) for text in wanted]


def test_a_program_is_its_own_name_unless_a_service_knows_better(tmp_path: Path) -> None:
    class Named(Service):
        program_names = ("tool",)

    assert prepare(Named, tmp_path, command=("tool", "x")).command == ("tool", "x")


def test_a_log_of_many_existing_files_is_bounded(tmp_path: Path) -> None:
    for number in range(LISTED_MAX + 9):
        Path(tmp_path, f"{number}").touch()
    ready = prepare(
        Service, tmp_path, skip_existing_files=True, files=("@#@",),
        frame_first=0, frame_last=LISTED_MAX + 8, frames_num=LISTED_MAX + 9,
    )  # fmt: skip
    assert (ready.skip, len(ready.log.splitlines())) == (SKIPPED, LISTED_MAX + 1)


WINDOWS = PathMap((Pair(client="P:/", server="/mnt/prj"),), "windows")


@pytest.mark.proves("render.path_maps.to_client", "render.services.paths")
def test_the_servers_paths_become_this_machines(tmp_path: Path) -> None:
    run = a_run(
        command=("nuke", "-x", "/mnt/prj/a.nk"),
        files=("/mnt/prj/a.@####@.exr",),
        environment={"NUKE_PATH": "/mnt/prj/tools", "PATH": "/mnt/prj/bin"},
    )
    service = Service(run, Context(work_folder=str(tmp_path), paths=WINDOWS))
    ready = service.prepare()
    assert ready.command == ("nuke", "-x", r"P:\a.nk")
    assert ready.files == (str(tmp_path / r"P:\a.0001.exr"),)  # as this system joins paths
    assert ready.environment["NUKE_PATH"] == r"P:\tools"
    assert service.search_path() == r"P:\bin"


@pytest.mark.proves("render.path_maps.to_client", "render.services.paths")
def test_the_working_directory_is_this_machines(tmp_path: Path) -> None:
    Path(tmp_path, "prj", "show").mkdir(parents=True)
    paths = PathMap((Pair(client=f"{tmp_path}/prj", server="P:/"),), "linux")
    run = a_run(working_directory=r"P:\show", files=("a",), command=r"tool P:\show\x")
    ready = Service(run, Context(work_folder=str(tmp_path), paths=paths)).prepare()
    assert ready.working_directory == f"{tmp_path}/prj/show"
    assert ready.files == (f"{tmp_path}/prj/show/a",)
    assert ready.command == f"tool {tmp_path}/prj/show/x"


@pytest.mark.proves("render.path_maps.unix_separators")
def test_a_program_may_want_its_paths_with_slashes(tmp_path: Path) -> None:
    class Slashes(Service):
        unix_separators = True

    context = Context(work_folder=str(tmp_path), paths=WINDOWS)
    assert Slashes(a_run(command="x /mnt/prj/a/b"), context).prepare().command == "x P:/a/b"
