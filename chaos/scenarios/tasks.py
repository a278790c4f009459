"""Tasks that misbehave, beside others that must not notice."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from chaos import faulty
from chaos.history import Finding
from chaos.observer import OVER
from chaos.processes import eventually, pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage
from grange.client import Client
from grange.client.requests import tasks as task_requests
from grange.model.spec import BlockSpec
from grange.worker.runlog import LOG_MAX, TAIL_MAX

FAULTY: Final = Path(faulty.__file__)
COPIES: Final = 3  # tasks that misbehave at once
RUN_S: Final = 2  # what never ends may run so long
GAP: Final = b" bytes of this log were dropped here "
PATIENCE_S: Final = 20.0  # for an answer
OVER_S: Final = 300.0  # for all tasks that misbehave to be over
OTHER_S: Final = (0.05, 0.3)  # of the tasks beside them

LogCheck = Callable[[bytes], str]  # what is wrong with a log; "" nothing


def misbehave(
    kind: str,
    status: str,
    stage: Stage,
    random: Random,
    *,
    copies: int = COPIES,
    log: LogCheck | None = None,
    **fields: Any,
) -> None:
    """Run tasks of one kind beside good ones.

    Args:
        kind: of misbehaviour, see `chaos.faulty`.
        status: with which their runs are to end.
        stage: where.
        random: chooses how the good ones are.
        copies: tasks that misbehave.
        log: looks at the logs of the bad ones.
        **fields: of their block.
    """
    a_farm(stage, "w1", "w2")
    command = (sys.executable, "-I", "-S", str(FAULTY), str(stage.history.path), kind)
    block = BlockSpec(
        name=kind, command=command, frames=f"1-{copies}", capacity=100, errors_retries=0, **fields
    )
    with stage.load(random, expects="unharmed", seconds=OTHER_S):
        pause(random.uniform(0.2, 0.8))
        token = stage.submitter.send((block,), expects="any", free=False, log=False)
        job = stage.submitter.job(token).job
        with stage.client(patience_s=PATIENCE_S) as client:
            _await(client, job, kind)
            for task in range(copies):
                for run in client.send(task_requests.detail(job, 0, task)).runs:
                    ended = run.result.status.value if run.result else ""
                    whole = log or _anything
                    text = client.send(task_requests.run_log(run.run_id)).data
                    if fault := whole(text) or (ended != status and f"it is {ended!r}"):
                        about = f"run {run.run_id} ({kind}): {fault}"
                        stage.write(Finding(promise="P8", text=about))


def _await(client: Client, job: int, kind: str) -> None:
    def over() -> bool:
        return all(state in OVER for state in client.send(task_requests.states(job, 0)))

    eventually(over, f"{kind} is over", patience_s=OVER_S, look_s=0.1)


def _anything(_log: bytes) -> str:
    return ""


def _exactly(wanted: bytes, log: bytes) -> str:
    """Say where a log is not what was written."""
    if log == wanted:
        return ""
    same = next(
        (at for at, (one, two) in enumerate(zip(wanted, log, strict=False)) if one != two),
        min(len(wanted), len(log)),
    )
    return (
        f"its log has {len(log)} bytes of {len(wanted)}, and from {same} on is"
        f" {log[same : same + 60]!r} instead of {wanted[same : same + 60]!r}"
    )


def _cut(piece: bytes, log: bytes) -> str:
    """Say why a log is not the beginning and the end of many pieces."""
    begin, gap, end = log.partition(b"\n... ")
    number, words, end = end.partition(GAP)
    if not (gap and words and number.isdigit()):
        return f"its log of {len(log)} bytes does not say what was dropped"
    if len(log) > LOG_MAX + TAIL_MAX + len(piece):
        return f"its log has {len(log)} bytes"
    if not begin.startswith(piece) or end[-9:-1] not in piece:
        return f"its log begins with {begin[:60]!r} and ends with {end[-60:]!r}"
    return ""


NEVER_ENDS: Final[dict[str, Any]] = {"task_max_run_time_s": RUN_S}
_scenario = partial(Scenario, promises=(*ALL, "P8"), family="tasks", tries=1)
SCENARIOS: Final = (
    _scenario(
        name="fork-bomb",
        does=f"tasks fork {faulty.BOMB} processes each, from children too",
        run=partial(misbehave, "bomb", "timed-out", **NEVER_ENDS),
        short=True,
    ),
    _scenario(
        name="daemon-left",
        does="tasks leave a process that was forked twice, has its own session, and is deaf",
        run=partial(misbehave, "daemon", "done"),
    ),
    _scenario(
        name="session-left",
        does="tasks leave a child in a session of its own that holds their output open",
        run=partial(misbehave, "session", "done"),
    ),
    _scenario(
        name="deaf-task",
        does="tasks ignore SIGTERM and never end",
        run=partial(misbehave, "deaf", "timed-out", **NEVER_ENDS),
    ),
    _scenario(
        name="endless-task",
        does="tasks never end",
        run=partial(misbehave, "endless", "timed-out", **NEVER_ENDS),
    ),
    _scenario(
        name="stopped-task",
        does="tasks stop themselves with SIGSTOP",
        run=partial(misbehave, "stopped", "timed-out", **NEVER_ENDS),
    ),
    _scenario(
        name="murdered-task",
        does="tasks are killed by SIGKILL, as when memory is used up",
        run=partial(misbehave, "murdered", "killed"),
    ),
    _scenario(
        name="no-output",
        does="tasks exit with 0 and have not made their files",
        run=partial(
            misbehave,
            "once",
            "bad-files",
            files=("/nowhere/picture.@####@.exr",),
            check_rendered_files=True,
        ),
    ),
    _scenario(
        name="tasks-of-0-s",
        does="tasks end as soon as they begin",
        run=partial(misbehave, "once", "done"),
    ),
    _scenario(
        name="log-flood",
        does="tasks write as fast as it is taken",
        run=partial(misbehave, "flood", "done", log=partial(_cut, faulty.PIECE)),
    ),
    _scenario(
        name="endless-line",
        does="a task writes a gigabyte without the end of a line",
        run=partial(misbehave, "line", "done", copies=1, log=partial(_cut, faulty.LINE)),
    ),
    _scenario(
        name="binary-log",
        does="tasks write zeros, control sequences, and what is not UTF-8",
        run=partial(misbehave, "binary", "done", log=partial(_exactly, faulty.BINARY)),
    ),
    _scenario(
        name="tiny-outputs",
        does=f"tasks write {faulty.TINY} times a few bytes",
        run=partial(
            misbehave,
            "tiny",
            "done",
            log=partial(_exactly, b"".join(b"%d\n" % number for number in range(faulty.TINY))),
        ),
    ),
)
