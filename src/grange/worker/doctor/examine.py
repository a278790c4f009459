"""All checks of a machine, in the order in which a person would look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from grange.worker.config import WorkerConfig
from grange.worker.doctor import farm, folders, programs, system
from grange.worker.doctor.finding import Finding, Grade, wrong

#: Looks at one thing. May break: that is a finding, too.
Check = Callable[[WorkerConfig], list[Finding]]


def _folders(config: WorkerConfig) -> list[Finding]:
    account = system.looking_account(config.run_as)
    mapped = [pair.client for pair in config.path_map]
    own = config.machine.doctor_paths
    return [
        *folders.mounts(own, writable=True, account=account),
        *folders.mounts(
            (path for path in mapped if path not in own), writable=False, account=account
        ),
    ]


#: Of the machine, which a worker that is taken for sick can ask itself.
MACHINE: Final[dict[str, Check]] = {
    "state folder": lambda config: folders.state_folder(config.state_folder),
    "folders": _folders,
    "memory": lambda _config: system.memory(),
    "gpu": lambda _config: system.gpus(),
}
#: Beyond that, for a person.
ALL: Final[dict[str, Check]] = {
    "account": lambda config: system.account(config.run_as, allow_root=config.allow_root),
    "server": farm.farm,
    **MACHINE,
    "limits": lambda _config: system.file_limit(),
    "task limits": lambda config: system.groups(config.machine.task_processes_max),
    "programs": lambda config: programs.services(config.plugin_folders),
}


def examine(
    config: WorkerConfig, checks: Mapping[str, Check] = ALL, *, unlinked: str = ""
) -> list[Finding]:
    """Look at everything, or at what is named.

    Args:
        config: of the worker.
        checks: those of `ALL` that are made.
        unlinked: why it is not known which farm it serves; "" it is.
    """
    found: list[Finding] = []
    for name, check in checks.items():
        if unlinked and check is farm.farm:
            found.append(wrong(name, unlinked, "join a farm: grange worker --join CODE"))
            continue
        try:
            found += check(config)
        except Exception as error:  # noqa: BLE001 (what examines must not break what it examines)
            text = f"this check broke: {type(error).__name__}: {error}"
            found.append(wrong(name, text, "this is a fault of grange: please report it"))
    return found


def well(findings: list[Finding]) -> bool:
    """Whether nothing is wrong; warnings may be."""
    return all(finding.grade is not Grade.WRONG for finding in findings)
