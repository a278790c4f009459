"""The workers of a stage: started, stopped, killed, and whether anybody looks after their runs."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from chaos.ground import SERVER
from chaos.history import Home, Limit, Unwatched, Watched
from chaos.processes import PATIENCE_S, Process, Stuck, eventually, kill, lives, send
from chaos.programs.faults import Faults
from chaos.serving import Serving
from grange.client.errors import GrangeError
from grange.model.nodes import ROOT_POOL
from grange.worker import procfs

SLOTS: Final = ROOT_POOL.max_tasks_host  # of a worker, where nobody says otherwise


class Working(Serving):
    """A stage with a server and workers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._configs: dict[str, dict[str, Any]] = {}
        self._homes: dict[str, Path] = {}
        self._marks: dict[Path, str] = {}
        self._bounded: set[str] = set()
        self._paused_wardens: set[str] = set()
        self._unwatched: set[str] = set()

    def until_dead(self, process: Process, patience_s: float = PATIENCE_S) -> None:
        """Wait until a process with a fault has died of it; counts as a kill.

        Raises:
            Stuck: it lives on.
        """
        process.wait(patience_s)
        self.did("killed", process.name, pid=process.pid, note="by itself")
        self.kills += 1
        if process.name.startswith("worker:"):
            self._look_after(process.name.removeprefix("worker:"))

    def start_worker(
        self,
        name: str,
        *,
        server: str = "",
        faults: Faults | None = None,
        version: int | None = None,
        called: str = "",
        folder: Path | None = None,
        prefix: Sequence[str] = (),
        **config: Any,
    ) -> Process:
        """Start a worker, again with what it was told before.

        Args:
            name: of it on this stage, and of its state folder.
            server: where it dials, such as ws://127.0.0.1:4711; "" the server itself.
            faults: of its process.
            version: of the protocol that it claims; None its own.
            called: its name to the farm; "" the same.
            folder: its state folder; None one in the stage's.
            prefix: a command that executes it.
            **config: changed from now on; see `WorkerConfig`.
        """
        known = self._configs.setdefault(name, {})
        known.setdefault("server", f"ws://127.0.0.1:{self.port}")
        known |= config | ({"server": server} if server else {})
        home = self._homes.setdefault(name, folder or self.folder / name)
        whole = {
            "state_folder": str(home),
            "credential": (self.state / "admin.token").read_text(encoding="ascii").strip(),
            "name": called or name,
            "allow_root": True,
            **known,
        }
        said = {"config": whole, "faults": faults or Faults(), "version": version}
        worker = self.processes.start(
            "chaos.programs.worker", said, self.log, name=f"worker:{name}", prefix=prefix
        )
        self.workers[name] = worker
        self._paused_wardens.discard(name)
        self.did("started", worker.name, pid=worker.pid)
        return worker

    def until_online(self, *names: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until the server says of workers that they are linked.

        Raises:
            Stuck: they are not.
        """

        def online() -> bool:
            for name in names:
                if not self.workers[name].lives:
                    raise Stuck(f"worker {name} ended; see {self.log}")
            try:
                with self.client() as client:
                    found = {view.name for view in client.workers() if view.presence == "online"}
            except GrangeError:
                return False
            return set(names) <= found and all(self.warden(name) for name in names)

        eventually(online, f"workers {names} are online", patience_s=patience_s, look_s=0.05)
        for name in names:
            self._note_home(name)
            self.did("up", f"worker:{name}", pid=self.workers[name].pid)
            self._look_after(name)

    def until_one_is_online(self) -> None:
        """Wait until any worker is linked, such as the one beside the server.

        Raises:
            Stuck: none is.
        """

        def online() -> bool:
            with self.client() as client:
                return client.summary().workers_online > 0

        eventually(online, "a worker is online", look_s=0.05)

    def _note_home(self, name: str) -> None:
        if home := self.home(name):
            self.history.write(Home(worker=name, home=home))
            if home not in self._bounded:
                self._bounded.add(home)
                self.history.write(Limit(name=f"slots of {name}", most=SLOTS, homes=(home,)))

    def home(self, name: str) -> str:
        """The mark of a worker's state folder, or what it was last; "" before its first start."""
        path = self._homes.get(name, self.folder / name) / "mark"
        with suppress(OSError):  # it was never started, or its disk is dead
            self._marks[path] = path.read_text(encoding="ascii").strip()
        return self._marks.get(path, "")

    def warden(self, name: str) -> int:
        """The process of a worker's warden; 0 where none lives."""
        worker = self.workers.get(name)
        if worker is None:
            return 0
        for pid in procfs.children(worker.pid):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"grange.worker.warden" in line and lives(pid):
                return pid
        return 0

    def kill_worker(self, name: str) -> None:
        """Kill a worker; its warden is to end its runs."""
        worker = self.workers[name]
        self._note_home(name)
        self.did("killed", worker.name, pid=worker.pid)
        worker.send(signal.SIGKILL)
        self.kills += 1
        self._look_after(name)

    def kill_warden(self, name: str) -> None:
        """Kill the warden of a worker; the worker is to end its runs and make a new one."""
        if pid := self.warden(name):
            self.did("killed", f"warden:{name}", pid=pid)
            kill(pid)
            self.kills += 1
            self._paused_wardens.discard(name)
            self._look_after(name)

    def kill_machine(self, name: str) -> None:
        """End all that runs on a worker at once, as a loss of power does."""
        home, worker = self.home(name), self.workers[name]
        self._note_home(name)
        self.did("killed", f"machine:{name}", pid=worker.pid)
        victims = {worker.pid, self.warden(name)} - {0}
        for pid in victims:  # first nobody may act on what he sees of the others
            send(pid, signal.SIGSTOP)
        while victims:
            for pid in victims:
                kill(pid)
            victims = set(procfs.marked("GRANGE_WORKER", home)) if home else set()
            victims = {pid for pid in victims if lives(pid)}
        worker.send(signal.SIGKILL)
        self.kills += 1
        self._paused_wardens.discard(name)

    # --- pauses

    def pause(self, who: str) -> None:
        """Stop a process without ending it (SIGSTOP): server, worker:NAME or warden:NAME."""
        self._signal(who, signal.SIGSTOP)
        self.did("paused", who)
        self._note_pause(who, paused=True)

    def go_on(self, who: str) -> None:
        """Let a stopped process go on (SIGCONT)."""
        self._signal(who, signal.SIGCONT)
        self.did("continued", who)
        self._note_pause(who, paused=False)

    def _signal(self, who: str, number: int) -> None:
        kind, _, name = who.partition(":")
        if kind == "warden":
            send(self.warden(name), number)
            return
        process = self.server if kind == SERVER else self.workers[name]
        assert process is not None
        process.send(number)
        process.paused = number == signal.SIGSTOP

    def _note_pause(self, who: str, *, paused: bool) -> None:
        kind, _, name = who.partition(":")
        if kind == "warden":
            (self._paused_wardens.add if paused else self._paused_wardens.discard)(name)
        if kind != SERVER:
            self._look_after(name)

    def _look_after(self, name: str) -> None:
        """Note whether anybody can end the runs of a worker now.

        The worker can as long as it is not paused and its warden obeys or is dead; the warden
        as long as it lives and is not paused.
        """
        home, worker = self.home(name), self.workers[name]
        worker_acts = worker.lives and not worker.paused
        warden_lives = self.warden(name) != 0 or not worker.lives
        watched = name not in self._paused_wardens and (warden_lives or worker_acts)
        if home and watched == (home in self._unwatched):
            (self._unwatched.discard if watched else self._unwatched.add)(home)
            self.history.write(Watched(home=home) if watched else Unwatched(home=home))
