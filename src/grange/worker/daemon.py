"""The daemon: the core, its link, its warden and its plugins, put together."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from grange.wire.worker import VERSION, Hello, Log, Refused, ToWorker, Welcome
from grange.worker import inputs, leftovers, posix
from grange.worker.account import task_account
from grange.worker.config import WorkerConfig
from grange.worker.core import WorkerCore
from grange.worker.dashboard import disk_of
from grange.worker.effects import (
    Effect,
    Note,
    Quit,
    Reconnect,
    Send,
    SendLog,
)
from grange.worker.errors import LinkRefused
from grange.worker.gpus import VISIBLE, Gpus
from grange.worker.home import Home
from grange.worker.link import Link
from grange.worker.machine import traits
from grange.worker.performer import Performer, machine_command
from grange.worker.plugin import HostPlugins, Plugins

log = logging.getLogger(__name__)

FOREVER: Final = float("inf")
DRAIN_S: Final = 1.0  # for the last words to leave


async def run(
    config: WorkerConfig,
    plugins: Plugins | None = None,
    leave: asyncio.Event | None = None,
    gpus: Gpus | None = None,
) -> str:
    """Work until told to leave.

    Args:
        config: how.
        plugins: where services come from; None the ones that ship and `plugin_folders`.
        leave: tells to leave; None lets SIGTERM and SIGINT tell it, twice means at once.
        gpus: of the machine; None finds them.

    Returns:
        What is to come: "", restart (of the worker), or the reboot or shutdown that has
        been set off.

    Raises:
        WorkerCannotRun: by policy, another daemon has the state folder, or the server will
            not have this worker.
    """
    account = task_account(config.run_as, allow_root=config.allow_root)
    plugins = plugins or HostPlugins(config.plugin_folders, paths=config.paths)
    with Home(config.state_folder, account) as home:
        services = await asyncio.to_thread(plugins.available)
        gpus = gpus if gpus is not None else await asyncio.to_thread(_gpus, config)
        then = await Daemon(config, plugins, home, services, gpus).run(leave)
    if then in config.commands:
        await asyncio.to_thread(machine_command, config.commands[then])
    return then


def _gpus(config: WorkerConfig) -> Gpus:
    """The GPUs that this worker was started with: CUDA_VISIBLE_DEVICES may leave some out."""
    return Gpus(by_uuid=config.machine.gpus_by_uuid, only=os.environ.get(VISIBLE))


class Daemon:
    """The shell around `WorkerCore`: it performs effects and feeds back what happened."""

    def __init__(
        self,
        config: WorkerConfig,
        plugins: Plugins,
        home: Home,
        services: Iterable[str],
        gpus: Gpus,
    ) -> None:
        self._config = config
        self._home = home
        self._name = config.worker_name
        self._core = WorkerCore(home.outbox.load())
        self._inputs: deque[inputs.Input] = deque()
        self._traits = traits(disk_of(config), services, gpus, config.machine)
        self._boot_id = uuid.uuid4().hex
        self._launched = time.clock_gettime(time.CLOCK_REALTIME)
        self._hello_sent = 0.0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = FOREVER
        self._asked_to_leave = False
        self._fault: Exception | None = None
        self._quit = asyncio.Event()
        self._then = ""
        self._performer = Performer(
            config,
            plugins,
            home,
            gpus,
            tell=self.tell,
            fail=self._fail,
            takes_pictures=lambda: self._link.takes_pictures,
            show=lambda picture: self._link.show(picture),
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
            **self._performer.effects,
            Send: lambda effect: self._link.send(effect.message),
            SendLog: self._send_log,
            Reconnect: lambda effect: self._link.drop(effect.reason),
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
                helpers = [group.create_task(self._performer.keeper.run())]
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

    def _hello(self) -> Hello:
        self._hello_sent = posix.clock()
        nimby = self._config.nimby
        return Hello(
            version=VERSION,
            name=self._name,
            boot_id=self._boot_id,
            traits=self._traits,
            home=self._home.mark,
            runs=self._core.alive(),
            ended=self._core.ended(),
            last_run=self._core.last_run(),
            nimby=nimby.value if nimby else "",
            user=self._config.user,
            launched=self._launched,
        )

    def _welcomed(self, welcome: Welcome) -> None:
        log.info("linked to %s as worker %d", self._config.server, welcome.worker_id)
        self.tell(inputs.Linked(welcome, self._hello_sent))
        self._performer.pictures.go_on()

    def _received(self, message: ToWorker) -> None:
        if isinstance(message, Welcome | Refused):
            self._link.drop(f"an unexpected {type(message).__name__}")
            return
        self.tell(message)

    def _send_log(self, effect: SendLog) -> None:
        data = self._performer.read_log(effect.run_id, effect.offset, effect.size)
        self._link.send(Log(run_id=effect.run_id, offset=effect.offset, data=data))

    def _leave(self, effect: Quit) -> None:
        self._then = effect.then
        self._quit.set()

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._performer.close()
