"""The environment of a task's process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grange.model.ids import afanasys_job
from grange.model.run import RunSpec
from grange.worker.account import Account
from grange.worker.gpus import VISIBLE
from grange.worker.trees import RUN_MARK

WORKER_MARK: Final = "GRANGE_WORKER"  # in every process of a worker: id of its state folder
OWN_PREFIX: Final = "GRANGE_"  # of our own settings, credentials among them

#: Variables that make a program load foreign code; a job may set them only by policy.
PRELOADS: Final = frozenset(
    {"LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "DYLD_FORCE_FLAT_NAMESPACE"}
)


def base(own: Mapping[str, str], mark: str, account: Account | None) -> dict[str, str]:
    """What every task inherits: the worker's environment without its secrets."""
    kept = {name: value for name, value in own.items() if not name.startswith(OWN_PREFIX)}
    return kept | (account.variables() if account else {}) | {WORKER_MARK: mark}


def of_run(
    run: RunSpec,
    prepared: Mapping[str, str],
    *,
    allow_preload: bool,
    visible: str | None = None,
) -> dict[str, str]:
    """What one task has beyond that. Afanasy's names are there for Afanasy's scripts.

    Args:
        run: the task.
        prepared: what its service sets.
        allow_preload: whether the job may make programs load foreign code.
        visible: the GPUs that it is to see, as CUDA names them; None as it is.
    """
    asked = {**run.environment, **prepared}
    allowed = {
        name: value
        for name, value in asked.items()
        if name != WORKER_MARK and (allow_preload or name not in PRELOADS)
    }
    ours = {
        "GRANGE_JOB_ID": str(run.job_id),
        "GRANGE_BLOCK": str(run.block),
        "GRANGE_TASK": str(run.task),
        RUN_MARK: str(run.run_id),
        "AF_JOB_ID": str(afanasys_job(run.job_id)),
        "AF_BLOCK_ID": str(run.block),
        "AF_TASK_ID": str(run.task),
    }
    if run.hosts:
        ours["GRANGE_HOSTS"] = ",".join(run.hosts)
    if run.helps:
        ours["GRANGE_HELPS"] = str(run.helps)
    if visible is not None:
        ours["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # the order in which NVML counts them
        ours[VISIBLE] = visible
    return allowed | ours


def refused(run: RunSpec) -> list[str]:
    """Variables of a run that policy leaves out."""
    return sorted(PRELOADS & run.environment.keys())
