"""What the daemon does about runs: it performs the effects that concern them."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from msgspec import json

from grange.model.ids import RunId
from grange.model.run import Meter, Resources, RunSpec
from grange.plugins.pictures.thumbnail import Wish
from grange.wire.worker import PICTURE_MAX, Picture
from grange.worker import cgroups, channel, environment, inputs, windows_must_die
from grange.worker.account import Account
from grange.worker.attendant import Aids, Attendant
from grange.worker.config import WorkerConfig
from grange.worker.crew import Crew
from grange.worker.dashboard import Dashboard
from grange.worker.effects import (
    Act,
    Effect,
    Examine,
    Forget,
    Hold,
    Judge,
    Keep,
    Kill,
    Launch,
    Load,
    Measure,
    Sample,
    Spawn,
)
from grange.worker.gpus import VISIBLE, Gpus
from grange.worker.home import Home
from grange.worker.inputs import Input
from grange.worker.keeper import Keeper
from grange.worker.launcher import CannotLaunch, Launcher
from grange.worker.pace import Pace
from grange.worker.pictures import Pictures
from grange.worker.pipes import Pipes
from grange.worker.plugin import Plugins
from grange.worker.runlog import read_log
from grange.worker.texts import clean

log = logging.getLogger(__name__)

SHELL: Final = ("/bin/sh", "-c")


class Performer:
    """Holds the runs' attendants, the warden's keeper and the threads.

    Args:
        config: of the worker.
        plugins: where services come from.
        home: the state folder.
        gpus: of the machine.
        tell: takes inputs for the core.
        fail: takes a fault that must end the daemon.
        takes_pictures: tells whether the server takes thumbnails just now.
        show: takes thumbnails for it.
    """

    def __init__(
        self,
        config: WorkerConfig,
        plugins: Plugins,
        home: Home,
        gpus: Gpus,
        *,
        tell: Callable[[Input], None],
        fail: Callable[[Exception], None],
        takes_pictures: Callable[[], bool],
        show: Callable[[Picture], None],
    ) -> None:
        self._config = config
        self._plugins = plugins
        self._home = home
        self._name = config.worker_name
        self._gpus = gpus
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._crew = Crew(self._loop, fail)
        self._dashboard = Dashboard(config, gpus, self._crew, self._sampled)
        pace = Pace(home.runs, own_plugins=not config.plugin_folders)
        self.pictures = Pictures(
            self._loop, _wish(config, home.account), takes=takes_pictures, show=show
        )
        pipes = Pipes(self._loop)
        self._aids = Aids(home, config.log_max, self._crew, pipes, pace, self.pictures)
        self._disk = ThreadPoolExecutor(1, "grange-disk")  # the outbox: one thread, in order
        self._attendants: dict[RunId, Attendant] = {}
        self._desktop = windows_must_die.of_this_system()
        variables = environment.base(os.environ, home.mark, home.account)
        self._launcher = Launcher(
            home.folder,
            variables | ({VISIBLE: ""} if config.machine.hide_gpus and gpus.count else {}),
            nice=config.nice,
            account=home.account,
            allowed=config.machine.launch_commands,
        )
        self.keeper = Keeper(
            mark=home.mark,
            environment=variables,
            nice=config.nice,
            account=home.account,
            groups=cgroups.folder_of_runs(home.mark),
            processes_max=config.machine.task_processes_max,
            tell=self._reported,
            lose=self._lost_run,
        )
        #: What is done about each effect.
        self.effects: Mapping[type[Effect], Callable[[Any], None]] = {
            Load: self._load,
            Spawn: self._spawn,
            Kill: lambda effect: self.keeper.kill(effect.run_id, hard=effect.hard),
            Judge: lambda effect: self._attendants[effect.run_id].judge(effect),
            Keep: self._keep,
            Forget: self._forget,
            Hold: lambda effect: self.keeper.hold(effect.until),
            Measure: self._measure,
            Sample: lambda _effect: self._dashboard.measure(),
            Act: self._act,
            Launch: self._launch,
            Examine: self._examine,
        }

    def close(self) -> None:
        """Give everything back; waits for the disk."""
        for attendant in self._attendants.values():
            attendant.close()
        self.pictures.close()
        self._dashboard.close()
        self._crew.close()
        self._disk.shutdown(wait=True)

    def read_log(self, run_id: RunId, offset: int, size: int) -> bytes:
        """Read a piece of a run's log, be it of this life or a former one."""
        attendant = self._attendants.get(run_id)
        if attendant is not None:
            return attendant.log.read(offset, size)
        return read_log(self._home.log_of(run_id), offset, size)

    def _load(self, effect: Load) -> None:
        run_id = effect.run.run_id
        attendant = Attendant(effect.run, self._aids, self._tell)
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
        variables = environment.of_run(
            run,
            effect.environment,
            allow_preload=config.allow_preload,
            visible=self._visible(run),
        )
        try:
            pipe = self.keeper.spawn(
                run.run_id,
                argv,
                effect.working_directory,
                variables,
                need_memory_mb=max(0, run.need_memory_mb),
                memory_max_mb=run.memory_max_mb,
            )
        except (OSError, UnicodeError) as error:
            self._tell(inputs.NotStarted(run.run_id, clean(f"the process: {error}")))
        else:
            attendant.attach(pipe)

    def _visible(self, run: RunSpec) -> str | None:
        """What CUDA_VISIBLE_DEVICES is to a run; None as it was started with."""
        if run.gpus:
            return self._gpus.visible(run.gpus)
        return "" if self._config.machine.hide_gpus and self._gpus.count else None

    def _reported(self, report: channel.Report) -> None:
        match report:
            case channel.Started(run_id, pid):
                if attendant := self._attendants.get(RunId(run_id)):
                    attendant.pid = pid
                self._tell(inputs.Started(RunId(run_id), pid))
            case channel.NotStarted(run_id, message):
                self._tell(inputs.NotStarted(RunId(run_id), message))
            case channel.Gone():
                self._tell(_exited(report))
            case channel.Measured(usages):
                self._measured(usages)

    def _measure(self, _effect: Measure) -> None:
        self.keeper.measure()
        if self._desktop is not None:
            titles = self._config.machine.windows_must_die
            close = partial(windows_must_die.close, self._desktop, titles)
            self._crew.do(close, _closed)

    def _measured(self, usages: Sequence[channel.Usage]) -> None:
        if self._gpus.count:
            self._crew.do(
                self._gpus.memory_by_process, lambda held: self._tell(_used(usages, held))
            )
        else:
            self._tell(_used(usages, {}))

    def _lost_run(self, run_id: int, message: str) -> None:
        self._tell(inputs.Exited(run_id=RunId(run_id), lost=message))

    def _sampled(self, resources: Resources) -> None:
        self._aids.load = json.encode({"host_resources": resources}).decode()
        self._tell(inputs.Sampled(resources))

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
            self._loop.call_soon_threadsafe(self._tell, inputs.NotKept(effect.run_id))

    def _forget(self, effect: Forget) -> None:
        attendant = self._attendants.pop(effect.run_id, None)
        if attendant is not None:
            attendant.close()
        if attendant is None or attendant.leaves_files or effect.kept:
            self._disk.submit(self._home.remove, effect.run_id)

    def _examine(self, _effect: Examine) -> None:
        self._crew.do(partial(faults_of, self._config), self._examined)

    def _examined(self, faults: tuple[str, ...]) -> None:
        self._tell(inputs.Examined(faults))

    def _act(self, effect: Act) -> None:
        argv = self._config.commands.get(effect.what)
        if argv is None:
            log.warning("the server asks for %s, which is not allowed here", effect.what)
            return
        self._crew.do(partial(machine_command, argv), _nothing)

    def _launch(self, effect: Launch) -> None:
        self._disk.submit(self._launch_beside, effect)

    def _launch_beside(self, effect: Launch) -> None:
        fault = ""
        try:
            self._launcher.launch(effect.command)
        except CannotLaunch as why:
            fault = clean(str(why))
        told = inputs.Launched(fault, effect.leave)
        self._loop.call_soon_threadsafe(self._tell, told)


def faults_of(config: WorkerConfig) -> tuple[str, ...]:
    """What is wrong with this machine. Takes its time; for a thread."""
    from grange.worker.doctor.examine import MACHINE, examine  # memory that few workers need
    from grange.worker.doctor.finding import Grade

    found = examine(config, MACHINE)
    return tuple(f"{item.name}: {item.text}" for item in found if item.grade is Grade.WRONG)


def _closed(titles: Sequence[str]) -> None:
    for title in titles:
        log.warning("closed a window that must die: %s", title)


def _wish(config: WorkerConfig, account: Account | None) -> Wish:
    """How this worker wants its thumbnails."""
    ids = None if account is None else (account.uid, account.gid, account.groups)
    return Wish(side_px=config.machine.thumbnail_px, size_max=PICTURE_MAX, account=ids)


def _nothing(_result: None) -> None:
    """What a machine command did is in the worker's log."""


def machine_command(argv: tuple[str, ...]) -> None:
    """Execute what the owner has set for an instruction."""
    log.info("%s", " ".join(argv))
    try:
        done = subprocess.run(  # noqa: S603 (the owner's setting)
            argv, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError:
        log.exception("%s cannot be executed", argv[0])
        return
    if done.returncode != 0:
        stderr = done.stderr.decode(errors="replace")
        log.error("%s: exit status %d: %s", argv[0], done.returncode, stderr)


def _used(usages: Sequence[channel.Usage], held: Mapping[int, int]) -> inputs.Measured:
    return inputs.Measured(
        tuple(
            inputs.Used(
                RunId(usage.run_id),
                usage.cpu_s,
                usage.memory_mb,
                sum(held.get(pid, 0) for pid in usage.pids),
                usage.read_mb,
                usage.written_mb,
            )
            for usage in usages
        )
    )


def _exited(report: channel.Gone) -> inputs.Exited:
    notes = []
    if report.untouchable:
        notes.append(f"processes {report.untouchable} of another user could not be killed")
    if report.crowded:
        notes.append("it wanted more processes at once than this machine lets a task have")
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
        note="; ".join(notes),
    )
