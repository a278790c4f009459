"""The process in which a studio's services run: see `grange.plugins.service_apart`."""

from __future__ import annotations

from functools import partial

import msgspec

from grange.plugins import companion, loading
from grange.plugins.contract import PluginError, Prepared
from grange.plugins.parser import clean
from grange.plugins.pictures import pixels
from grange.plugins.service import Service
from grange.plugins.service_apart import (
    JUDGE_S,
    START_S,
    Answer,
    Begin,
    Ended,
    Find,
    Request,
    Shown,
    Written,
)

LINES_MAX = 1_000  # about the files of one run
LINE_MAX = 16 * 1024  # characters of one


class Desk:
    """Holds the service of the run that is under way."""

    def __init__(self) -> None:
        self._service: Service | None = None

    def answer(self, request: Request) -> Answer:
        """Ask the service."""
        if isinstance(request, Find):
            kind = loading.service_class(request.name, request.folders)
            return Answer(found=str(kind.found()))
        if isinstance(request, Begin):
            return self._begin(request)
        assert self._service is not None  # it has prepared, or its run would not have ended
        match request:
            case Ended(status):
                return Answer(good=bool(self._service.check_exit_status(status)))
            case Written(files, doubts):
                asked = self._service.doubts if doubts else self._service.check_rendered_files
                return _lines(asked(files))
            case Shown(seen, files):
                return _lines(self._service.thumbnails(seen, files))

    def _begin(self, request: Begin) -> Answer:
        kind = loading.service_class(request.run.service, request.context.folders)
        self._service = kind.of(request.run, request.context)
        ready = msgspec.structs.asdict(self._service.prepare())
        return Answer(prepared=msgspec.convert(ready, Prepared), parser=self._service.parser or "")


def _lines(found: object) -> Answer:
    lines = msgspec.convert(found, tuple[str, ...])
    return Answer(lines=tuple(line[:LINE_MAX] for line in lines[:LINES_MAX]))


def answer_to(desk: Desk, request: Request) -> Answer:
    """Do what is asked; a fault is an answer, too."""
    try:
        return desk.answer(request)
    except PluginError as problem:
        return Answer(problem=str(problem))
    except (Exception, SystemExit) as fault:  # noqa: BLE001 (somebody else's code)
        return Answer(fault=clean(repr(fault)), trace=loading.last_lines(fault))


if __name__ == "__main__":
    hang_s = 2 * (START_S + JUDGE_S)
    companion.serve(Request, partial(answer_to, Desk()), hang_s, pixels.MEMORY_MAX)
