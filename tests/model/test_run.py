"""What is measured of a machine has all that Afanasy has, under its names."""

from __future__ import annotations

import pytest

from grange.model.run import Dial, Resources
from tools.reference.afanasy import DIAL_KEYS, RESOURCES_KEYS

#: "Resources" in the documentation of Afanasy's render.
DOCUMENTED = [
    "cpu_mhz",
    "cpu_loadavg",
    "cpu_user",
    "cpu_nice",
    "cpu_system",
    "cpu_idle",
    "cpu_iowait",
    "cpu_irq",
    "cpu_softirq",
    "mem_total_mb",
    "mem_free_mb",
    "mem_cached_mb",
    "mem_buffers_mb",
    "swap_total_mb",
    "swap_used_mb",
    "hdd_total_gb",
    "hdd_free_gb",
    "hdd_rd_kbsec",
    "hdd_wr_kbsec",
    "hdd_busy",
    "net_recv_kbsec",
    "net_send_kbsec",
    "gpu_string",
    "gpu_gpu_util",
    "gpu_gpu_temp",
    "gpu_mem_total_mb",
    "gpu_mem_used_mb",
]
#: "Custom Resources" there.
PROPERTIES = [
    "value",
    "valuemax",
    "height",
    "width",
    "label",
    "labelsize",
    "tooltip",
    "valid",
    "graphr",
    "graphg",
    "graphb",
    "labelr",
    "labelg",
    "labelb",
    "bgcolorr",
    "bgcolorg",
    "bgcolorb",
]


@pytest.mark.parametrize("key", DOCUMENTED)
def test_every_documented_figure_of_a_machine_is_measured(key: str) -> None:
    assert key in Resources.__struct_fields__
    assert RESOURCES_KEYS[key] == f"`{key}`"


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_documented_property_of_a_custom_resource_is_sent(name: str) -> None:
    assert any(f"`{name}`" in said for said in DIAL_KEYS.values())
    assert DIAL_KEYS.keys() == {*Dial.__struct_fields__}
