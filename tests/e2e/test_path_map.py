"""A job from a client to a worker of other paths than the server's, by real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.client import Client
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import JobState
from grange.plugins.paths import Pair, PathMap
from tests.e2e.conftest import NewFarm

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHARE = "//box/share"  # what the farm calls it; no machine here has such a folder


@pytest.mark.proves("render.path_maps.server_knows_nothing", "render.path_maps.to_client")
def test_a_file_is_found_under_the_name_of_each_machine(new_farm: NewFarm, tmp_path: Path) -> None:
    folder = tmp_path / "share" / "my show"
    folder.mkdir(parents=True)
    (folder / "in.txt").write_text("found\n")
    farm = new_farm(path_map={"all": [[str(tmp_path / "share"), SHARE]]})
    drives = PathMap((Pair(client="S:/", server=SHARE),), "windows")
    with farm.client() as owner:
        place = owner.place
        farm.worker(owner)
    pin = place.fingerprint
    with Client(place.url, place.token, fingerprint=pin, path_map=drives) as client:
        block = BlockSpec(
            command=("cp", r"S:\my show\in.txt", "out.txt"),
            working_directory=r"s:\my show",
            files=(r"S:\my show\out.txt",),
            check_rendered_files=True,
            tasks=(TaskSpec(),),
        )
        handle = client.submit(JobSpec(name="copy", blocks=(block,)))
        job = handle.wait(timeout_s=120, raise_on_failure=False)
        (kept,) = handle.detail().spec.blocks
    assert job.state is JobState.DONE
    assert kept.command == ("cp", f"{SHARE}/my show/in.txt", "out.txt")
    assert kept.working_directory == f"{SHARE}/my show"
    assert (folder / "out.txt").read_text() == "found\n"
