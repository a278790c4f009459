"""The daemon: the core, its link, its warden and its plugins, put together."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from msgspec import json

from grange.model.ids import RunId
from grange.model.run import Meter, Resources
from grange.wire.worker import VERSION, Hello, Log, Refused, ToWorker, Welcome
from grange.worker import channel, environment, inputs, leftovers, posix
from grange.worker.attendant import Aids, Attendant
from grange.worker.config import WorkerConfig
from grange.worker.core import WorkerCore
from grange.worker.crew import Crew
from grange.worker.effects import (
    Act,
    Effect,
    Forget,
    Hold,
    Judge,
    Keep,
    Kill,
    Load,
    Measure,
    Note,
    Quit,
    Reconnect,
    Sample,
    Send,
    SendLog,
    Spawn,
)
from grange.worker.errors import LinkRefused, WorkerCannotRun
from grange.worker.gpus import Gpus
from grange.worker.home import Home
from grange.worker.keeper import Keeper
from grange.worker.link import Link
from grange.worker.machine import Sampler, traits
from grange.worker.outbox import remove_folder
from grange.worker.pipes import Pipes
from grange.worker.plugin import HostPlugins, Plugins
from grange.worker.runlog import RunLog, read_log

log = logging.getLogger(__name__)

SHELL: Final = ("/bin/sh", "-c")
REMOVE_S: Final = 0.1  # files of finished runs are removed so often, many at a time
FOREVER: Final = float("inf")
DRAIN_S: Final = 1.0  # for the last words to leave


async def run(
    config: WorkerConfig, plugins: Plugins | None = None, leave: asyncio.Event | None = None
) -> str:
    """Work until told to leave.

    Args:
        config: how.
        plugins: where services come from; None the ones that ship and `plugin_folders`.
        leave: tells to leave; None lets SIGTERM and SIGINT tell it, twice means at once.

    Returns:
        What the machine is to do next: "", restart, reboot or shutdown.

    Raises:
        WorkerCannotRun: by policy, another daemon has the state folder, or the server will
            not have this worker.
    """
    _check_user(config)
    plugins = plugins or HostPlugins(config.plugin_folders)
    with Home(config.state_folder) as home:
        services = await asyncio.to_thread(plugins.available)
        return await Daemon(config, plugins, home, services).run(leave)


def _check_user(config: WorkerConfig) -> None:
    if os.getuid() == 0 and not (config.allow_root or config.run_as):
        raise WorkerCannotRun(
            "the worker would run every task as root: start it as another user, "
            "name one for the tasks (run_as), or allow it (allow_root)"
        )


class Daemon:
    """The shell around `WorkerCore`: it performs effects and feeds back what happened."""

    def __init__(
        self, config: WorkerConfig, plugins: Plugins, home: Home, services: Iterable[str]
    ) -> None:
        self._config = config
        self._plugins = plugins
        self._home = home
        self._name = config.worker_name
        self._core = WorkerCore(home.outbox.load())
        self._unwanted: list[RunId] = []  # runs whose files are to be removed
        self._inputs: deque[inputs.Input] = deque()
        self._attendants: dict[RunId, Attendant] = {}
        self._gpus = Gpus()
        self._sampler = Sampler(home.folder, self._gpus)
        self._traits = traits(home.folder, services, self._gpus)
        self._boot_id = uuid.uuid4().hex
        self._hello_sent = 0.0
        self._loop = asyncio.get_running_loop()
        self._crew = Crew(self._loop)
        self._aids = Aids(self._crew, Pipes(self._loop))
        self._disk = ThreadPoolExecutor(1, "grange-disk")  # the outbox: one thread, in order
        self._timer: asyncio.TimerHandle | None = None
        self._remover: asyncio.TimerHandle | None = None
        self._armed_for = FOREVER
        self._asked_to_leave = False
        self._fault: Exception | None = None
        self._quit = asyncio.Event()
        self._then = ""
        self._keeper = Keeper(
            mark=home.mark,
            environment=environment.base(os.environ, home.mark),
            nice=config.nice,
            tell=self._reported,
            lose=self._lost_run,
        )
        self._link = Link(
            server=config.server,
            credential=config.credential,
            fingerprint=config.fingerprint,
            hello=self._hello,
            welcomed=self._welcomed,
            received=self._received,
            lost=partial(self.tell, inputs.Unlinked()),
            flushed=lambda size: self.tell(inputs.Flushed(size)),
        )
        self._perform: Mapping[type[Effect], Callable[[Any], None]] = {
            Send: lambda effect: self._link.send(effect.message),
            SendLog: self._send_log,
            Load: self._load,
            Spawn: self._spawn,
            Kill: lambda effect: self._keeper.kill(effect.run_id, hard=effect.hard),
            Judge: lambda e: self._attendants[e.run_id].judge(e.exit_code, e.signal),
            Keep: self._keep,
            Forget: self._forget,
            Hold: lambda effect: self._keeper.hold(effect.until),
            Measure: lambda _effect: self._keeper.measure(),
            Sample: lambda _effect: self._crew.do(self._sampler.sample, self._sampled),
            Reconnect: lambda effect: self._link.drop(effect.reason),
            Act: self._act,
            Quit: self._leave,
            Note: lambda effect: log.info("%s", effect.text),
        }

    async def run(self, leave: asyncio.Event | None) -> str:
        """Work until the core says to quit. See `run` above."""
        left = await asyncio.to_thread(leftovers.kill, self._home.mark)
        if left:
            log.error("processes %s of a former life do not die", left)
        await asyncio.to_thread(self._home.sweep, set(self._core.ended()))
        posix.become_subreaper()
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._keeper.run())]
                helpers.append(group.create_task(self._leave_when(leave)))
                link = group.create_task(self._stay_linked())
                await self._quit.wait()
                self._link.close()
                await asyncio.wait((link,), timeout=DRAIN_S)
                for task in (link, *helpers):
                    task.cancel()
        finally:
            self._close()
        if self._fault is not None:
            raise self._fault
        return self._then

    async def _stay_linked(self) -> None:
        try:
            await self._link.run()
        except LinkRefused as refusal:
            self._fail(refusal)

    async def _leave_when(self, leave: asyncio.Event | None) -> None:
        if leave is None:
            await self._leave_when_signalled()
            return
        await leave.wait()
        self.tell(inputs.Leave())

    async def _leave_when_signalled(self) -> None:
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            self._loop.add_signal_handler(number, self._signalled, number)
        try:
            await asyncio.Event().wait()
        finally:
            for number in numbers:
                self._loop.remove_signal_handler(number)

    def _signalled(self, number: signal.Signals) -> None:
        if self._asked_to_leave:
            self._quit.set()
            return
        log.info("%s: leaving", number.name)
        self._asked_to_leave = True
        self.tell(inputs.Leave())

    def tell(self, item: inputs.Input) -> None:
        """Give the core an input and perform what it answers."""
        self._inputs.append(item)
        if len(self._inputs) > 1:
            return  # an effect has told it; its turn comes when the others are performed
        try:
            while self._inputs:
                for effect in self._core.apply(self._inputs[0], posix.clock()):
                    self._perform[type(effect)](effect)
                self._inputs.popleft()
            self._arm()
        except Exception as fault:  # a bug: nothing we know is sure any more
            log.exception("fault at %s", type(item).__name__)
            self._fail(fault)

    def _fail(self, fault: Exception) -> None:
        self._fault = self._fault or fault
        self._quit.set()

    def _arm(self) -> None:
        """Have the core told when its next deadline comes; a tick too early is harmless."""
        deadline = self._core.next_deadline()
        if deadline is None or deadline >= self._armed_for:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - posix.clock()), self._tick)

    def _tick(self) -> None:
        self._armed_for = FOREVER
        self.tell(inputs.Tick())

    # the link's side

    def _hello(self) -> Hello:
        self._hello_sent = posix.clock()
        nimby = self._config.nimby
        return Hello(
            version=VERSION,
            name=self._name,
            boot_id=self._boot_id,
            traits=self._traits,
            runs=self._core.alive(),
            ended=self._core.ended(),
            nimby=nimby.value if nimby else "",
            user=self._config.user,
        )

    def _welcomed(self, welcome: Welcome) -> None:
        log.info("linked to %s as worker %d", self._config.server, welcome.worker_id)
        self.tell(inputs.Linked(welcome, self._hello_sent))

    def _received(self, message: ToWorker) -> None:
        if isinstance(message, Welcome | Refused):
            self._link.drop(f"an unexpected {type(message).__name__}")
            return
        self.tell(message)

    def _send_log(self, effect: SendLog) -> None:
        attendant = self._attendants.get(effect.run_id)
        if attendant is not None:
            data = attendant.log.read(effect.offset, effect.size)
        else:
            data = read_log(self._home.log_of(effect.run_id), effect.offset, effect.size)
        self._link.send(Log(run_id=effect.run_id, offset=effect.offset, data=data))

    # the runs' side

    def _load(self, effect: Load) -> None:
        run_id = effect.run.run_id
        attendant = Attendant(
            effect.run,
            self._home.run_folder(run_id),
            RunLog(self._home.log_of(run_id), self._config.log_max),
            aids=self._aids,
            tell=self.tell,
        )
        if not self._config.allow_preload:
            attendant.notes = [
                f"{name} was left out: this worker does not let jobs set it"
                for name in environment.refused(effect.run)
            ]
        self._attendants[run_id] = attendant
        attendant.load(self._plugins, self._name)

    def _spawn(self, effect: Spawn) -> None:
        run, config = effect.run, self._config
        attendant = self._attendants[run.run_id]
        command = effect.command
        argv = (*SHELL, command) if isinstance(command, str) else command
        variables = environment.of_run(run, effect.environment, allow_preload=config.allow_preload)
        try:
            pipe = self._keeper.spawn(run.run_id, argv, effect.working_directory, variables)
        except OSError as error:
            self.tell(inputs.NotStarted(run.run_id, f"the worker has no pipe left: {error}"))
        else:
            attendant.attach(pipe)

    def _reported(self, report: channel.Report) -> None:
        match report:
            case channel.Started(run_id, pid):
                if attendant := self._attendants.get(RunId(run_id)):
                    attendant.pid = pid
                self.tell(inputs.Started(RunId(run_id), pid))
            case channel.NotStarted(run_id, message):
                self.tell(inputs.NotStarted(RunId(run_id), message))
            case channel.Gone():
                self.tell(_exited(report))
            case channel.Measured(usages):
                self.tell(inputs.Measured(tuple(self._used(usage) for usage in usages)))

    def _used(self, usage: channel.Usage) -> inputs.Used:
        gpu_mb = self._gpus.used_by(usage.pids) if self._gpus.count else 0
        return inputs.Used(RunId(usage.run_id), usage.cpu_s, usage.memory_mb, gpu_mb)

    def _lost_run(self, run_id: int, message: str) -> None:
        self.tell(inputs.Exited(run_id=RunId(run_id), lost=message))

    def _sampled(self, resources: Resources) -> None:
        text = json.encode({"host_resources": resources}).decode()
        for attendant in self._attendants.values():
            attendant.host_resources = text
        self.tell(inputs.Sampled(resources))

    # the disk's side

    def _keep(self, effect: Keep) -> None:
        attendant = self._attendants.get(effect.run_id)
        self._disk.submit(self._save, effect, attendant)

    def _save(self, effect: Keep, attendant: Attendant | None) -> None:
        try:
            if attendant is not None:
                attendant.log.persist()
                attendant.log.release()
            self._home.outbox.save(effect.run_id, effect.result)
        except OSError as error:
            log.warning("result of run %d is not on disk: %s", effect.run_id, error)

    def _forget(self, effect: Forget) -> None:
        attendant = self._attendants.pop(effect.run_id, None)
        if attendant is not None:
            attendant.close()
        self._unwanted.append(effect.run_id)
        if len(self._unwanted) == 1:
            self._remover = self._loop.call_later(REMOVE_S, self._remove_unwanted)

    def _remove_unwanted(self) -> None:
        run_ids, self._unwanted = self._unwanted, []
        self._disk.submit(self._remove, run_ids)

    def _remove(self, run_ids: list[RunId]) -> None:
        for run_id in run_ids:
            self._home.outbox.drop(run_id)
            remove_folder(self._home.run_folder(run_id))

    # the machine's side

    def _act(self, effect: Act) -> None:
        argv = self._config.commands.get(effect.what)
        if argv is None:
            log.warning("the server asks for %s, which is not allowed here", effect.what)
            return
        log.info("%s: %s", effect.what, " ".join(argv))
        subprocess.Popen(argv, stdin=subprocess.DEVNULL)  # noqa: S603 (the owner's setting)

    def _leave(self, effect: Quit) -> None:
        self._then = effect.then
        self._quit.set()

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for attendant in self._attendants.values():
            attendant.close()
        self._crew.close()
        if self._remover is not None:
            self._remover.cancel()
        self._remove_unwanted()
        self._disk.shutdown(wait=True)


def _exited(report: channel.Gone) -> inputs.Exited:
    note = ""
    if report.untouchable:
        note = f"processes {report.untouchable} of another user could not be killed"
    return inputs.Exited(
        run_id=RunId(report.run_id),
        exit_code=report.exit_code,
        signal=report.signal,
        duration_s=report.duration_s,
        meter=Meter(
            cpu_s=round(report.cpu_s, 3),
            peak_memory_mb=report.peak_memory_mb,
            read_mb=report.read_mb,
            written_mb=report.written_mb,
        ),
        out_of_memory=report.out_of_memory,
        note=note,
    )
