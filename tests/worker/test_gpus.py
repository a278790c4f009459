"""GPUs: what there is, what a task is told of those it has, who holds their memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grange.worker.gpus import Gpus
from tests.worker.nvml import GB, FakeGpu, FakeNvml, Holder, Memory, four


@pytest.mark.proves("render.resources.without_gpu")
def test_without_a_driver_there_is_no_gpu_and_nothing_is_imported() -> None:
    program = (
        "import sys; from grange.worker import gpus; gpus.DRIVER = ('/no/driver',);"
        "found = gpus.Gpus(); print(found.count, found.memory_mb, found.name, found.sample(),"
        " found.memory_by_process(), 'pynvml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"0 0  () {} False\n"


def test_a_driver_that_does_not_answer_is_none() -> None:
    assert Gpus(FakeNvml()).count == 0


def test_every_gpu_is_measured_not_only_the_first() -> None:
    busy = FakeGpu("GPU-b", "Big", Memory(80 * GB, 40 * GB), busy=90, celsius=77)
    found = Gpus(FakeNvml(FakeGpu("GPU-a"), busy)).sample()
    assert [(gpu.name, gpu.util, gpu.temp) for gpu in found] == [
        ("NVIDIA Fake", 30, 50),
        ("Big", 90, 77),
    ]
    assert [gpu.mem_used_mb for gpu in found] == [2_048, 40_960]


def test_a_machine_is_described_by_its_smallest_gpu_and_every_kind() -> None:
    gpus = Gpus(FakeNvml(FakeGpu("GPU-a"), FakeGpu("GPU-b", "Big", Memory(80 * GB, 0))))
    assert (gpus.count, gpus.memory_mb, gpus.name) == (2, 24_576, "NVIDIA Fake, Big")


def test_a_gpu_that_is_lost_counts_as_nothing_and_the_others_are_measured() -> None:
    found = Gpus(FakeNvml(FakeGpu("GPU-a", lost=True), FakeGpu("GPU-b"))).sample()
    assert [(gpu.util, gpu.mem_total_mb) for gpu in found] == [(0, 0), (30, 24_576)]


def test_a_task_is_told_its_gpus_by_number_or_by_uuid() -> None:
    assert Gpus(four()).visible((1, 3)) == "1,3"
    assert Gpus(four(), by_uuid=True).visible((1, 3)) == "GPU-b,GPU-d"


def test_each_part_that_mig_makes_is_a_gpu_of_its_own_and_named_by_uuid() -> None:
    part = Memory(10 * GB, GB)
    parts = [FakeGpu(f"MIG-{number}", "1g.10gb", part) for number in "xy"]
    gpus = Gpus(FakeNvml(FakeGpu("GPU-a"), FakeGpu("GPU-b", parts=parts)))
    assert (gpus.count, gpus.memory_mb) == (3, 10_240)
    assert gpus.visible((0, 2)) == "GPU-a,MIG-y"


def test_a_worker_gives_out_only_the_gpus_that_it_may_see() -> None:
    gpus = Gpus(four(), only="1, GPU-d")
    assert (gpus.count, gpus.visible((0, 1))) == (2, "1,3")
    assert Gpus(four(), only="").count == 0
    assert Gpus(four(), only="-1").count == 0


def test_memory_of_a_process_is_summed_over_gpus_but_not_over_lists() -> None:
    first = FakeGpu("GPU-a", computing=[Holder(7, GB), Holder(8, None)], drawing=[Holder(7, GB)])
    second = FakeGpu("GPU-b", computing=[Holder(7, 2 * GB)])
    assert Gpus(FakeNvml(first, second)).memory_by_process() == {7: 3_072, 8: 0}


def test_a_gpu_that_the_machine_has_no_more_is_still_named() -> None:
    assert Gpus(FakeNvml(FakeGpu("GPU-a"))).visible((0, 5)) == "0,5"
