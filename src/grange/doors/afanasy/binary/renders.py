"""Renders and their machines in binary messages."""

from __future__ import annotations

from typing import Any, Final, Literal

from grange.doors.afanasy.binary.nodes import FARM, HIDDEN
from grange.doors.afanasy.binary.primitives import (
    BOOL,
    I8,
    I32,
    I64,
    NUMBERS,
    TEXT,
    TEXTS,
    U8,
    U16,
    Broken,
    Many,
    Reader,
)
from grange.doors.afanasy.binary.record import Layout, Record, Values, same
from grange.doors.afanasy.binary.tasks import EXEC, SHORT
from grange.doors.afanasy.shapes.node import NOWHERE, Address, NetInterface
from grange.doors.afanasy.shapes.render import (
    CustomResource,
    HostResources,
    Render,
    RenderResources,
)
from grange.doors.afanasy.shapes.traffic import RenderRegister

_Family = Literal[4, 6, 0]
_FAMILIES: Final[dict[int, _Family]] = {0: 4, 1: 6, 2: 0}  # numbers here, and what people say
_NUMBERS: Final = {said: number for number, said in _FAMILIES.items()}
_SIZES: Final = {4: 4, 6: 16, 0: 0}  # bytes that mean something
_ADDRESS_BYTES: Final = 16  # whatever the family
_MAC_BYTES: Final = 6


class _Address:
    """An internet address; that of an older family takes as much room."""

    least = I8.least + U16.least + _ADDRESS_BYTES

    def write(self, out: bytearray, value: Address) -> None:
        found = _bytes(value)
        if len(found) != _SIZES[value.family]:
            value, found = NOWHERE, b""
        I8.write(out, _NUMBERS[value.family])
        U16.write(out, value.port)
        out += found.ljust(_ADDRESS_BYTES, b"\0")

    def read(self, source: Reader) -> Address:
        family = _FAMILIES.get(I8.read(source))
        if family is None:
            raise Broken(f"an address before {source.at} is of no family that is known")
        port = U16.read(source)
        return Address(family=family, ip=_text(family, source.take(_ADDRESS_BYTES)), port=port)


def _bytes(address: Address) -> bytes:
    """The bytes of an address as we write it; any others where it is none."""
    try:
        if address.family == 4:
            return bytes(map(int, address.ip.split(".")))
        if address.family == 6:
            return b"".join(map(bytes.fromhex, address.ip.split(":")))
    except ValueError:
        return b"?"
    return b""


def _text(family: _Family, found: bytes) -> str:
    if family == 4:
        return ".".join(map(str, found[:4]))
    return found.hex(":", 2) if family == 6 else ""


class _Mac:
    """A hardware address."""

    least = _MAC_BYTES

    def write(self, out: bytearray, value: str) -> None:
        try:
            found = bytes.fromhex(value.replace(":", ""))
        except ValueError:
            found = b""
        out += found[:_MAC_BYTES].ljust(_MAC_BYTES, b"\0")

    def read(self, source: Reader) -> str:
        return source.take(_MAC_BYTES).hex(":")


ADDRESS: Final = _Address()
_INTERFACES: Final = Many(
    Record((("name", TEXT), ("mac", _Mac()), ("addresses", Many(ADDRESS, I8))), NetInterface),
    I8,
)

_COLOURS: Final = ("graph_clr", "label_clr", "back_clr")


def _custom_value(custom: CustomResource, name: str) -> Any:
    colour, _, part = name.partition(".")
    value = getattr(custom, colour)
    return value[int(part)] if part else value


def _custom(**found: Any) -> CustomResource:
    colours: Values = {
        name: tuple(found.pop(f"{name}.{part}") for part in range(3)) for name in _COLOURS
    }
    return CustomResource(**found, **colours)


def _colour(name: str) -> Layout:
    return same(U8, *(f"{name}.{part}" for part in range(3)))


_CUSTOM: Final = Record(
    (
        *same(I32, "value", "value_max"),
        *same(U8, "width", "height"),
        *_colour("graph_clr"),
        ("label_size", U8),
        *_colour("label_clr"),
        *_colour("back_clr"),
        ("label", TEXT),
        ("tooltip", TEXT),
    ),
    _custom,
    _custom_value,
)


def _load_value(load: HostResources, name: str) -> Any:
    if name.startswith("load."):
        return load.cpu_loadavg[int(name[5:])]
    return getattr(load, name)


def _load(**found: Any) -> HostResources:
    means = tuple(found.pop(f"load.{part}") for part in range(3))
    return HostResources(cpu_loadavg=means, **found)


RESOURCES: Final = Record(
    (
        *same(I32, "cpu_num", "cpu_mhz", "cpu_temp"),
        *same(U8, "load.0", "load.1", "load.2", "cpu_user", "cpu_nice", "cpu_system", "cpu_idle"),
        *same(U8, "cpu_iowait", "cpu_irq", "cpu_softirq"),
        *same(I32, "mem_total_mb", "mem_free_mb", "mem_cached_mb", "mem_buffers_mb"),
        *same(I32, "swap_total_mb", "swap_used_mb", "hdd_total_gb", "hdd_free_gb"),
        *same(I32, "hdd_rd_kbsec", "hdd_wr_kbsec"),
        ("hdd_busy", I8),
        *same(I32, "net_recv_kbsec", "net_send_kbsec"),
        *same(I8, "gpu_gpu_util", "gpu_gpu_temp"),
        *same(I32, "gpu_mem_total_mb", "gpu_mem_used_mb"),
        ("gpu_string", TEXT),
        ("logged_in_users", TEXTS),
        ("hw_info", TEXT),
        ("custom", Many(_CUSTOM, U8)),
    ),
    _load,
    _load_value,
)
_NOTHING: Final[Values] = {
    **dict.fromkeys(HostResources.__struct_fields__[:-2], 0),  # but for the lists
    "cpu_loadavg": (0, 0, 0),
    "gpu_string": "",
    "hw_info": "",
}
NO_LOAD: Final = HostResources(**_NOTHING)

_REGISTERED: Final[Layout] = (
    ("os", TEXT),
    ("engine", TEXT),
    ("name", TEXT),
    ("user_name", TEXT),
    ("st", I64),
    ("flags", I64),
    ("priority", U8),
    ("time_launch", I64),
    ("address", ADDRESS),
)
_MEASURED: Final[Layout] = (
    ("tasks_percents", NUMBERS),
    *same(I64, "idle_time", "busy_time"),
    ("host_resources", RESOURCES),
    ("id", I32),
)


def _register_value(render: RenderRegister, name: str) -> Any:
    return render.percents if name == "tasks_percents" else getattr(render, name)


def _register(**found: Any) -> RenderRegister:
    return RenderRegister(percents=found.pop("tasks_percents"), **found)


REGISTER: Final = Record(
    (("tasks", Many(EXEC)), *_REGISTERED, *_MEASURED, ("netifs", _INTERFACES)),
    _register,
    _register_value,
)


def _render_value(render: Render, name: str) -> Any:
    if name == "flags":
        return HIDDEN if render.hidden else 0
    if name == "host_resources":
        return render.host_resources or NO_LOAD
    return getattr(render, name)


def _render(**found: Any) -> Render:
    return Render(hidden=bool(found.pop("flags") & HIDDEN), state="", **found)


RENDER: Final = Record(
    (
        *FARM,
        ("locked", BOOL),
        ("pool", TEXT),
        ("task_start_finish_time", I64),
        ("capacity_used", I32),
        *same(I64, "time_update", "time_register", "wol_operation_time"),
        ("annotation", TEXT),
        ("custom_data", TEXT),
        ("srv_info", TEXT),
        ("tasks", Many(SHORT)),
        *_REGISTERED,
        *_MEASURED,
    ),
    _render,
    _render_value,
)


def _measured_value(load: RenderResources, name: str) -> Any:
    value = getattr(load, name)
    return NO_LOAD if value is None else value


def _measured(**found: Any) -> RenderResources:
    return RenderResources(host_name="", **found)


LOAD: Final = Record(_MEASURED, _measured, _measured_value)
