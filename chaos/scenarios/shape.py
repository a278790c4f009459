"""Work of unusual shape: deleted while it starts, edited in storms, or a great deal at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Final

from chaos.history import Finding
from chaos.processes import eventually, pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage
from grange.client import Client
from grange.client.errors import ApiError
from grange.client.requests import jobs as job_requests
from grange.client.requests import tasks as task_requests
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import FINISHED, JobState, TaskOp

PATIENCE_S: Final = 60.0  # for an answer
DELETED: Final = 60  # jobs of one try
EDITS: Final = 1_500
CROWD: Final = 10_000  # jobs at once
SENDERS: Final = 8  # of them, at once
CROWD_USER: Final = "crowd"
PAGE: Final = 500  # jobs asked for at once
MANY: Final = 1_000_000  # tasks of one job
CHAIN: Final = 400  # blocks, each of which waits for the one before
FAN: Final = 100_000  # tasks that one block waits for
ALL_DONE_S: Final = 300.0  # for the crowd to be done


def delete_while_starting(stage: Stage, random: Random) -> None:
    """Delete jobs as they start: before, at, and after the first process."""
    a_farm(stage, "w1", "w2")
    with stage.load(random, low=6), stage.client(patience_s=PATIENCE_S) as client:
        for _ in stage.times(DELETED):
            token = stage.submit(
                tasks=random.randint(1, 8),
                seconds=random.uniform(0.0, 2.0),
                tree=random.random() < 0.3,
                expects="gone",
                free=False,
            )
            pause(random.choice((0.0, random.uniform(0.0, 0.15))))
            client.send(job_requests.remove(stage.submitter.job(token).job))


def storm_of_edits(stage: Stage, random: Random) -> None:
    """Change priorities, pause and resume, as fast as the server takes it."""
    a_farm(stage, "w1", "w2")
    with stage.load(random, low=40, free=False), stage.client(patience_s=PATIENCE_S) as client:
        for _ in stage.times(EDITS):
            known = [job.job for job in stage.submitter.jobs() if job.job]
            if not known:
                pause(0.05)
                continue
            job = random.choice(known[-8:])
            match random.randrange(10):
                case 0:
                    client.send(job_requests.pause(job))
                case 1:
                    client.send(job_requests.resume(job))
                case _:
                    client.send(job_requests.edit(job, priority=random.randint(0, 255)))
    with stage.client(patience_s=PATIENCE_S) as client:
        for one in stage.submitter.jobs():
            client.send(job_requests.edit(one.job, priority=99))
            client.send(job_requests.resume(one.job))


def cancel_many(stage: Stage, random: Random) -> None:
    """Skip all of a million tasks while some run, then delete their job."""
    a_farm(stage, "w1", "w2")
    with stage.load(random), stage.client(patience_s=PATIENCE_S) as client:
        for _ in stage.times(3):
            block = BlockSpec(command=stage.task_command(0.5), frames=f"1-{MANY}", capacity=100)
            job = client.send(job_requests.submit(JobSpec(name="many", blocks=(block,)))).job_id
            pause(random.uniform(0.0, 1.5))
            began = time.monotonic()
            if random.random() < 0.7:
                client.send(task_requests.change(job, TaskOp.SKIP))
                states = client.send(task_requests.states(job, 0))
                left = sum(state not in FINISHED for state in states)
                if left:
                    text = f"{left} of {MANY} tasks are not finished after all were skipped"
                    stage.write(Finding(promise="P5", text=text))
                pause(random.uniform(0.0, 0.5))
            client.send(job_requests.remove(job))
            stage.note(f"{MANY} tasks were cancelled in {time.monotonic() - began:.2f} s")


def ten_thousand_jobs(stage: Stage, random: Random) -> None:
    """Submit very many small jobs as fast as the server takes them; all are done."""
    a_farm(stage, "w1", "w2")
    numbers = stage.times(CROWD)
    with stage.load(random, free=False), stage.client(patience_s=PATIENCE_S) as client:
        began = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as senders:
            parts = [numbers[at::SENDERS] for at in range(SENDERS)]
            list(senders.map(partial(_send_crowd, stage), parts))
        stage.note(f"{len(numbers)} jobs were taken in {time.monotonic() - began:.1f} s")
        eventually(
            lambda: _done(client) >= len(numbers),
            "all jobs of the crowd are done",
            patience_s=ALL_DONE_S,
            look_s=1.0,
        )
        stage.note(f"they were done after {time.monotonic() - began:.1f} s")


def _send_crowd(stage: Stage, numbers: range) -> None:
    with stage.client(patience_s=PATIENCE_S) as client:
        for number in numbers:
            spec = JobSpec(name=f"crowd-{number}", user=CROWD_USER, blocks=(_block("one"),))
            client.send(job_requests.submit(spec, spec.name))


def _done(client: Client) -> int:
    """How many jobs of the crowd are done."""
    count = 0
    after: int | None = None
    while True:
        page = client.send(
            job_requests.listed(user=CROWD_USER, state="done", limit=PAGE, after=after)
        )
        count += len(page)
        if len(page) < PAGE:
            return count
        after = page[-1].job_id


def chains_and_cycles(stage: Stage, random: Random) -> None:
    """Submit a long chain, a block that waits for very many tasks, and what waits for itself."""
    a_farm(stage, "w1", "w2")
    with stage.load(random, free=False), stage.client(patience_s=PATIENCE_S) as client:
        links = 10 * len(stage.times(CHAIN // 10))
        chain = tuple(_block(f"link{n}", f"link{n - 1}" if n else "") for n in range(links))
        many = (_block("many", frames=f"1-{FAN}"), _block("one", "many"))
        jobs = [_send(client, "chain", chain), _send(client, "fan", many, paused=True)]
        client.send(task_requests.change(jobs[1], TaskOp.SKIP, block=0))
        client.send(job_requests.resume(jobs[1]))
        for wrong in ((_block("a", "b"), _block("b", "a")), (_block("a", "a"),)):
            try:
                jobs.append(_send(client, "cycle", wrong))
            except ApiError as why:
                stage.note(f"a cycle is refused: {why.code}")
        for job in jobs[:2]:
            eventually(
                partial(_is_done, client, job),
                f"job {job} of unusual shape is done",
                patience_s=ALL_DONE_S,
                look_s=0.2,
            )
        for job in jobs:
            client.send(job_requests.remove(job))


def _is_done(client: Client, job: int) -> bool:
    return client.send(job_requests.detail(job)).job.state is JobState.DONE


def _block(name: str, mask: str = "", frames: str = "1") -> BlockSpec:
    command = ("/bin/true",)
    return BlockSpec(name=name, command=command, frames=frames, capacity=10, depend_mask=mask)


def _send(
    client: Client, name: str, blocks: tuple[BlockSpec, ...], *, paused: bool = False
) -> int:
    spec = JobSpec(name=name, user=CROWD_USER, blocks=blocks, paused=paused)
    return client.send(job_requests.submit(spec)).job_id


_scenario = partial(Scenario, promises=(*ALL, "P8"), family="shape", tries=2)
SCENARIOS: Final = (
    _scenario(
        name="deleted-while-starting",
        does="jobs are deleted before, while and after their tasks start",
        run=delete_while_starting,
        tries=4,
        short=True,
    ),
    _scenario(
        name="storm-of-edits",
        does="priorities are changed and jobs paused and resumed as fast as the server takes it",
        run=storm_of_edits,
    ),
    _scenario(
        name="million-cancelled",
        does="all tasks of a job of a million are skipped, and the job is deleted, while it runs",
        run=cancel_many,
    ),
    _scenario(
        name="chains-and-cycles",
        does=f"a chain of {CHAIN} blocks, a block that waits for {FAN} tasks, and cycles",
        run=chains_and_cycles,
        tries=1,
    ),
    _scenario(
        name="ten-thousand-jobs",
        does="10,000 jobs are submitted as fast as the server takes them",
        run=ten_thousand_jobs,
        tries=1,
    ),
)
