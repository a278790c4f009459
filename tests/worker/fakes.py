"""Plugins without programs: a run's command is executed as it is."""

from __future__ import annotations

from grange.model.run import RunSpec
from grange.model.states import RunStatus
from grange.plugins.contract import PluginError, Prepared, Reading, Stop, Verdict

STOPS: tuple[Stop, ...] = ("error", "fatal", "success")


class PlainPlugin:
    """Obeys a few words in the output."""

    def __init__(self, run: RunSpec) -> None:
        self.prepared = Prepared(
            command=run.command,
            working_directory=run.working_directory,
            environment=run.environment,
            files=(),
            skip=run.custom_data.get("skip", ""),
        )
        self.pid: int | None = None

    def tell(self, *, pid: int | None = None, host_resources: str | None = None) -> None:
        self.pid = pid

    def feed(self, data: bytes) -> Reading:
        if b"PARSER BOOM" in data:
            raise RuntimeError("boom")
        stop: Stop = next((word for word in STOPS if f"STOP {word}".encode() in data), "")
        percent = data.count(b"%")
        return Reading(text=data, stop=stop, percent=percent, frame=percent, progress_changed=True)

    def finish(self, exit_code: int | None, signal: int | None, *, stopped: int = 0) -> Verdict:
        if exit_code == 0:
            return Verdict(status=RunStatus.DONE)
        return Verdict(status=RunStatus.FAILED, message=f"exit status {exit_code}")


class PlainPlugins:
    """Every service is plain, but `missing` cannot be loaded."""

    def load(self, run: RunSpec, work_folder: str, worker_name: str) -> PlainPlugin:
        if run.service == "missing":
            raise PluginError("there is no service missing")
        return PlainPlugin(run)

    def available(self) -> dict[str, str]:
        return {"generic": "/bin/sh"}
