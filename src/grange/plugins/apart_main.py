"""The process in which a studio's parsers run: see `grange.plugins.apart`."""

from __future__ import annotations

from functools import partial
from typing import Final

from grange.plugins import companion, loading
from grange.plugins.apart import FLAGS, HANG_S, START_S, Answer, Begin, Piece
from grange.plugins.contract import PluginError
from grange.plugins.parser import FILES_MAX, Parser, clean

WORD_MAX: Final = 64 * 1024  # characters of what a parser has to say
PUT_MAX: Final = 2 * 1024 * 1024  # characters that it puts for a portion


class Host:
    """Holds the parser of the run that is under way."""

    def __init__(self) -> None:
        self._parser = Parser()
        self._files_told = 0

    def begin(self, request: Begin) -> Answer:
        """Make a parser."""
        self._parser = loading.parser_class(request.name, request.folders)()
        self._parser.start(request.run, request.folder)
        self._files_told = 0
        answer = self._answer(None)
        answer.partial_lines = bool(self._parser.partial_lines)
        answer.alarms = tuple(word.lower() for word in self._parser.strings())
        return answer

    def read(self, piece: Piece) -> Answer:
        """Let it read a portion."""
        put = self._parser.parse(
            {
                "data": piece.data,
                "mode": piece.mode,
                "pid": piece.pid,
                "resources": piece.resources,
            }
        )
        return self._answer(put[:PUT_MAX] if isinstance(put, str) else None)

    def _answer(self, put: str | None) -> Answer:
        parser = self._parser
        told = self._files_told
        self._files_told = min(len(parser.files), FILES_MAX)
        flags = tuple(flag for flag in FLAGS if getattr(parser, flag))
        return Answer(
            put=put,
            percent=float(parser.percent),
            frame=float(parser.frame),
            percentframe=float(parser.percentframe),
            flags=flags,
            messages={flag: parser.message_of(flag)[:WORD_MAX] for flag in flags},
            activity=str(parser.activity or "")[:WORD_MAX],
            resources=str(parser.resources or "")[:WORD_MAX],
            report=str(parser.report or "")[:WORD_MAX],
            log=str(parser.log or "")[:WORD_MAX],
            cause=str(parser.cause or "")[:WORD_MAX],
            progress_changed=bool(parser.progress_changed),
            files=tuple(str(path) for path in parser.files[told : self._files_told]),
            files_onthefly=tuple(str(path) for path in parser.files_onthefly),
        )


def answer_to(host: Host, request: Begin | Piece) -> Answer:
    """Do what is asked; a fault is an answer, too."""
    try:
        return host.begin(request) if isinstance(request, Begin) else host.read(request)
    except PluginError as problem:
        return Answer(fault=str(problem))
    except (Exception, SystemExit) as fault:  # noqa: BLE001 (somebody else's code)
        return Answer(fault=clean(repr(fault)), trace=loading.last_lines(fault))


if __name__ == "__main__":
    companion.serve(Begin | Piece, partial(answer_to, Host()), 2 * (START_S + HANG_S))
