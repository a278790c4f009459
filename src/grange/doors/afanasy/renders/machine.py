"""A render node's machine in the farm's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grange.core.commands import JoinWorker
from grange.core.objects import Pool
from grange.doors.afanasy.renders.render import USUAL, Times
from grange.doors.afanasy.shapes.render import CustomResource, HostResources
from grange.doors.afanasy.shapes.traffic import AS_USUAL, RenderRegister
from grange.model.ids import RunId
from grange.model.nodes import PoolSpec
from grange.model.run import Dial, NetworkInterface, Resources, Traits
from grange.model.spec import NAME_MAX
from grange.model.states import Nimby
from grange.server.phrases import bounded

HEARTBEAT_S, _, ZOMBIE_S = USUAL  # silent for the last, a node has lost its tasks
BEATS_MIN: Final = 4  # that a node may miss, whatever is set
NIMBY, NIMBY_ALL = 1 << 1, 1 << 2  # bits of a node's state
NO_MAC: Final = "00:00:00:00:00:00"
_SAME: Final = tuple(
    name
    for name in Resources.__struct_fields__
    if name in HostResources.__struct_fields__ and name not in ("cpu_loadavg", "custom")
)


def join_command(said: RenderRegister, runs: Sequence[RunId], address: str) -> JoinWorker:
    """What the farm is told of a node that comes.

    Args:
        said: by the node.
        runs: that it has and that are known.
        address: where it came from.
    """
    return JoinWorker(
        name=said.name,
        boot_id=boot_id(said),
        traits=bounded(traits(said)),
        runs=tuple(runs),
        nimby=_nimby(said.st),
        user=said.user_name[:NAME_MAX],
        launched=float(max(0, said.time_launch)),
        address=address,
    )


def boot_id(said: RenderRegister) -> str:
    """A word for this life of a node."""
    return f"afrender {said.time_launch}"


def _nimby(state: int) -> str:
    if state & NIMBY_ALL:
        return Nimby.NOBODY
    return Nimby.OWNER if state & NIMBY else ""


def traits(said: RenderRegister) -> Traits:
    """What a node says of its machine; it runs whatever its pool lets it."""
    load = said.host_resources
    netifs = tuple(
        NetworkInterface(
            name=item.name,
            mac="" if item.mac == NO_MAC else item.mac,
            addresses=tuple(address.ip for address in item.addresses if address.ip),
        )
        for item in said.netifs
    )
    return Traits(
        os=said.os,
        version=f"afrender {said.engine}".strip(),
        cpu_cores=max(1, load.cpu_num),
        cpu_mhz=max(0, load.cpu_mhz),
        cpu_name=load.hw_info,
        memory_mb=max(0, load.mem_total_mb),
        hdd_gb=max(0, load.hdd_total_gb),
        gpus=1 if load.gpu_mem_total_mb > 0 else 0,  # it tells of the first one alone
        gpu_mem_mb=max(0, load.gpu_mem_total_mb),
        gpu_name=load.gpu_string,
        addresses=tuple(address for item in netifs for address in item.addresses),
        macs=tuple(item.mac for item in netifs if item.mac and item.addresses),
        netifs=netifs,
        launches=True,
    )


def resources(said: HostResources) -> Resources:
    """The load of a node's machine."""
    one, five, fifteen = (value / 10 for value in said.cpu_loadavg)
    return Resources(
        cpu_loadavg=(one, five, fifteen),
        custom=tuple(map(_dial, said.custom)),
        **{name: getattr(said, name) for name in _SAME},
    )


def _dial(said: CustomResource) -> Dial:
    return Dial(
        name=said.label or "custom",
        value=said.value,
        valuemax=said.value_max,
        label=said.label,
        tooltip=said.tooltip,
        width=said.width,
        height=said.height,
        graph_colour=said.graph_clr,
        label_colour=said.label_clr,
        back_colour=said.back_clr,
        label_size=said.label_size,
    )


def times(pools: Sequence[Pool]) -> Times:
    """How often a node is to do what, as its pools say.

    Args:
        pools: its own and all above it, the nearest first.
    """
    beat, period, zombie = (
        _nearest(pools, name) for name in ("heartbeat_s", "resources_s", "lease_s")
    )
    return Times(
        heartbeat_sec=beat or AS_USUAL,
        resources_update_period=max(1, period // (beat or HEARTBEAT_S)) if period else AS_USUAL,
        zombie_time=int(zombie_s(pools)) if zombie or beat else AS_USUAL,
    )


def zombie_s(pools: Sequence[Pool]) -> float:
    """How long a node may be silent before its runs are given to others."""
    beat = _nearest(pools, "heartbeat_s") or HEARTBEAT_S
    return max(_nearest(pools, "lease_s") or ZOMBIE_S, BEATS_MIN * beat)


def _nearest(pools: Sequence[Pool], name: str) -> int:
    assert name in PoolSpec.__struct_fields__
    found = (int(getattr(pool.spec, name)) for pool in pools)
    return next((value for value in found if value >= 0), 0)
