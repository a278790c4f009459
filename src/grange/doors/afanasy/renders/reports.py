"""Takes what a render node says of its tasks and its machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from grange.core.commands import EndRun, NoteFrames
from grange.core.objects import Run, Worker
from grange.doors.afanasy.renders import machine, results
from grange.doors.afanasy.renders.logs import Logs
from grange.doors.afanasy.renders.orders import run_at
from grange.doors.afanasy.renders.render import Held, Render
from grange.doors.afanasy.shapes.task import TaskPos
from grange.doors.afanasy.shapes.traffic import RenderUpdate, TaskUpdate
from grange.model.ids import JobId, RunId
from grange.model.run import Progress
from grange.server.engine import Engine
from grange.server.telemetry import Telemetry
from grange.wire.worker import Beat

PICTURES: Final = (".jpg", ".jpeg")  # files of a task that are thumbnails


class Reports:
    """Takes updates of render nodes.

    Args:
        engine: the farm's.
        telemetry: takes progress and load.
        logs: takes output.
        show: takes thumbnails: job id, run id, name, JPEG.
        monotonic: seconds that never jump.
    """

    def __init__(
        self,
        engine: Engine,
        telemetry: Telemetry,
        logs: Logs,
        *,
        show: Callable[[JobId, RunId, str, bytes], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._telemetry = telemetry
        self._logs = logs
        self._show = show
        self._monotonic = monotonic

    async def take(self, render: Render, worker: Worker, said: RenderUpdate) -> None:
        """Take an update. Ends are on disk when this returns, and only then said to be booked.

        A task that is no run of the node's any more changes nothing: while it lives it is to
        be stopped, when it is over it is to be forgotten.
        """
        state = self._engine.farm.state
        for output in said.outputs:
            run = run_at(state, worker, output.pos)
            if run is not None and run.run_id in render.held:
                self._logs.whole(run, render.held[run.run_id], output.output)
        far: list[Progress] = []
        over: list[tuple[TaskPos, EndRun]] = []
        for item in said.tasks:
            run = run_at(state, worker, item.pos)
            if run is None:
                _refuse(render, item)
                continue
            held = render.held.get(run.run_id)
            if held is None:
                held = render.keep(run.run_id, item.pos, self._monotonic())
            if item.status in results.ENDS:
                over.append((item.pos, self._end(run, held, item)))
            else:
                far.append(await self._hear(run, held, item))
        load = said.host_resources
        figures = machine.resources(load) if load is not None else None
        await self._telemetry.take(
            render, worker, Beat(number=0, progress=tuple(far), resources=figures)
        )
        await self._book(render, over)

    async def _hear(self, run: Run, held: Held, said: TaskUpdate) -> Progress:
        """A task runs."""
        results.note(held, said, self._monotonic())
        self._logs.piece(run, said.listened)
        self._picture(run, said)
        if said.frame > held.frames and self._others_wait(run):
            held.frames = said.frame
            await self._engine.do(
                NoteFrames(worker_id=run.worker_id, run_id=run.run_id, count=said.frame)
            )
        return results.progress(run, held, said)

    def _others_wait(self, run: Run) -> bool:
        """Whether single frames of a run's task may be used by others already."""
        block = self._engine.farm.state.jobs[run.job_id].blocks[run.block]
        return block.spec.depend_sub_task and block.space[run.task].number > 1

    def _end(self, run: Run, held: Held, said: TaskUpdate) -> EndRun:
        """A task is over: what it has left goes where it belongs."""
        results.note(held, said, self._monotonic())
        if said.data:
            self._logs.whole(run, held, said.data)
        else:
            self._logs.piece(run, said.listened)
        self._picture(run, said)
        now = self._engine.clock()
        result = results.result(run, held, said, self._logs.size(run), now)
        return EndRun(worker_id=run.worker_id, run_id=run.run_id, result=result)

    def _picture(self, run: Run, said: TaskUpdate) -> None:
        """Show the thumbnails that come with a word; none of them comes again."""
        for file in said.files:
            name = file.name.replace("\\", "/").rpartition("/")[2]
            if name.lower().endswith(PICTURES):
                shown = name.removesuffix(".jpg")  # which its service put after the file's name
                self._show(run.job_id, run.run_id, shown, file.data)

    async def _book(self, render: Render, over: Sequence[tuple[TaskPos, EndRun]]) -> None:
        booked = [await self._engine.post(command) for _, command in over]
        await asyncio.gather(*booked)
        for pos, command in over:
            render.held.pop(command.run_id, None)
            render.close(pos)


def _refuse(render: Render, said: TaskUpdate) -> None:
    """A task was superseded."""
    if said.status in results.ENDS:
        render.close(said.pos)
    else:
        render.halt(said.pos)
