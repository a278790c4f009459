"""The server of a stage: started, stopped, killed, intruded upon."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

from chaos.ground import SERVER, Ground
from chaos.history import Finding
from chaos.processes import Process, Stuck, eventually
from chaos.programs.faults import Faults
from grange.client.errors import GrangeError


class Serving(Ground):
    """A stage with a server."""

    def start_server(
        self,
        *,
        faults: Faults | None = None,
        beside: bool = False,
        wait: bool = True,
        program: str = "chaos.programs.server",
        prefix: Sequence[str] = (),
        **settings: Any,
    ) -> Process:
        """Start the server, again on the same state, and wait until it answers.

        Args:
            faults: of its process.
            beside: with a worker beside it, as `grange up` does.
            wait: False returns at once; see `until_up`.
            program: module that is executed.
            prefix: a command that executes it, such as `ip netns exec NAME`.
            **settings: changed from now on.
        """
        self.settings |= settings
        (self.state / "server.json").unlink(missing_ok=True)
        said = {"settings": self.settings, "faults": faults or Faults(), "beside": beside}
        self.server = self.processes.start(program, said, self.log, name=SERVER, prefix=prefix)
        if wait:
            self.until_up()
        return self.server

    def until_up(self) -> None:
        """Wait until the server answers.

        Raises:
            Stuck: it ended, or does not answer.
        """
        server = self.server
        assert server is not None

        def listens() -> bool:
            if not server.lives:
                raise Stuck(f"the server ended with {server.child.returncode}; see {self.log}")
            return self._answers()

        eventually(listens, "the server answers")
        self.did("up", SERVER, pid=server.pid)

    def _answers(self) -> bool:
        if not (self.state / "server.json").exists():
            return False
        try:
            with self.client() as client:
                client.summary()
        except GrangeError:
            return False
        return True

    def kill_server(self) -> None:
        """Kill the server, as the kernel would."""
        assert self.server is not None
        self.did("killed", SERVER, pid=self.server.pid)
        self.server.send(signal.SIGKILL)
        self.kills += 1

    def stop_server(self) -> int:
        """Ask the server to stop. Returns its exit status."""
        assert self.server is not None
        self.did("stopping", SERVER, pid=self.server.pid)
        self.server.send(signal.SIGTERM)
        return self.server.wait()

    def intrude(self, *, port: int) -> None:
        """Start a second server on the same store: it must refuse, in a sentence."""
        said = {"settings": {**self.settings, "port": port}, "faults": Faults(), "beside": False}
        log = self.folder / "second.log"
        second = self.processes.start("chaos.programs.server", said, log, name="second")
        try:
            status = second.wait()
        except Stuck:
            second.send(signal.SIGKILL)
            status = 0
        told = log.read_text(errors="replace")
        if status != 1 or "Traceback" in told:
            text = f"a second server ended with {status}, saying {told[-400:]!r}"
            self.history.write(Finding(promise="P1", text=text))
