"""What is set on one machine for its worker: the section `[machine]` of settings.toml."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

SECTION: Final = "machine"  # of settings.toml

#: What a crashed program leaves open on Windows (afanasy config_default.json)
WINDOWS_MUST_DIE: Final = (
    "ImageMagick Studio library and utility programs",
    "Microsoft Visual C++ Runtime Library",
    "QuickTimeHelper-32.exe - Application Error",
    "Visual Studio Just-In-Time Debugger",
)

Word = Annotated[str, Meta(max_length=4_096)]
Words = Annotated[tuple[Word, ...], Meta(max_length=64)]


class MachineSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is set on one machine for its worker."""

    #: path on the disk whose size and free space count; "" the worker's own folder
    disk_path: Word = ""
    #: disks whose traffic counts, such as `nvme0n1` or `sd*`; `*` every real disk
    disk_devices: Words = ("*",)
    #: network interfaces whose traffic counts, such as `eth0`; `*` every real one
    network_devices: Words = ("*",)
    #: a task that asks for no GPU sees none
    hide_gpus: bool = False
    #: a task is told its GPUs by UUID, not by number; where MIG cuts one up it always is
    gpus_by_uuid: bool = False
    #: names of custom resources: `example`, `iostat`, `nvidia_smi` or files of a plugin folder
    resources_classes: Words = ()
    #: folders that the doctor looks at besides those of the path map: each is to be there,
    #: readable and writable
    doctor_paths: Words = ()
    #: processes and threads that one task may have at once; 0 any number
    task_processes_max: Annotated[int, Meta(ge=0)] = 10_000
    #: pixels of the square that a thumbnail fits into; 0 makes none
    thumbnail_px: Annotated[int, Meta(ge=0, le=1_024)] = 256
    #: the farm's admins may have the worker launch commands, which the farm does not watch
    launch_commands: bool = False
    #: titles of windows that are closed wherever they appear (Windows)
    windows_must_die: Words = WINDOWS_MUST_DIE


PLAIN: Final = MachineSettings()  # where nothing is set
