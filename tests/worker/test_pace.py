"""What the event loop may do itself: only what can neither hang nor take long."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.worker.pace import FOLDERS_MAX, FRESH_S, REST_S, SLOW_S, Pace, is_local
from tests.worker.build import a_run, replaced

RUN = a_run(working_directory="/")


@pytest.fixture
def pace(tmp_path: Path) -> Pace:
    """Knows that the root folder is local."""
    if not (is_local(str(tmp_path)) and is_local("/")):
        pytest.skip("the disk of this machine is not known to be local")
    pace = Pace(str(tmp_path), own_plugins=True)
    pace.learn(RUN, "/", 100.0)
    return pace


def test_the_plain_service_in_a_local_folder_is_quick(pace: Pace) -> None:
    assert pace.is_quick(RUN, 101.0)


@pytest.mark.parametrize(
    "field",
    [
        {"service": "blender"},
        {"parser": "nuke"},
        {"check_rendered_files": True},
        {"skip_existing_files": True},
        {"working_directory": "/unknown"},
    ],
)
def test_what_may_look_at_files_or_compute_for_long_is_not(
    pace: Pace, field: dict[str, object]
) -> None:
    assert not pace.is_quick(replaced(RUN, field), 101.0)


def test_after_trouble_nothing_is_quick_for_a_while(pace: Pace) -> None:
    pace.took(SLOW_S * 2, 101.0)
    assert not pace.is_quick(RUN, 102.0)
    pace.learn(RUN, "/", 101.0 + REST_S)
    assert pace.is_quick(RUN, 102.0 + REST_S)


def test_what_is_known_of_a_folder_grows_old(pace: Pace) -> None:
    assert not pace.is_quick(RUN, 101.0 + FRESH_S)


def test_with_plugins_of_a_studio_nothing_is_quick(tmp_path: Path) -> None:
    pace = Pace(str(tmp_path), own_plugins=False)
    pace.learn(RUN, "/", 100.0)
    assert not pace.is_quick(RUN, 101.0)


def test_folders_that_are_known_are_bounded(pace: Pace) -> None:
    for number in range(FOLDERS_MAX + 10):
        pace.learn(a_run(working_directory=f"/{number}"), "/", 100.0)
    assert len(pace._folders) <= FOLDERS_MAX


def test_a_file_system_of_the_kernel_is_not_a_local_disk() -> None:
    assert not is_local("/proc/self")
