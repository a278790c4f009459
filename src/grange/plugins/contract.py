"""The values that pass between the worker and a plugin."""

from __future__ import annotations

from typing import Literal

import msgspec

from grange.model.patterns import Command
from grange.model.states import RunStatus
from grange.plugins.paths import NO_MAP, PathMap

Stop = Literal["", "error", "fatal", "success"]


class PluginError(Exception):
    """A plugin cannot be loaded or cannot run here. The text says what, which, what next."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin is told of the machine it runs on."""

    work_folder: str  #: absolute; this run's own, it exists
    worker_name: str = ""
    folders: tuple[str, ...] = ()  #: of a studio's own plugins, each with services/ and parsers/
    paths: PathMap = NO_MAP  #: what this machine calls the server's paths


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A run, ready to be started."""

    command: Command  #: a tuple is an argument list; a string is a line for the shell
    working_directory: str  #: absolute; it exists
    environment: dict[str, str]  #: to be added to the worker's own
    files: tuple[str, ...]  #: absolute paths of what the task is to write
    skip: str = ""  #: a sentence when there is nothing to do
    log: str = ""  #: whole lines for the run's log, to be put before the output


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run after a piece of its output.

    Progress, activity, report, resources, warning and bad_result are of the run so far; text,
    progress_changed, log, message and files are of this piece only. `stop` stays once it is set.
    """

    percent: int = -1  #: of the whole task, -1 unknown
    frame: int = -1  #: how many frames of the task are done, -1 unknown
    frame_percent: int = -1  #: of the frame under way, -1 unknown
    activity: str = ""
    report: str = ""
    resources: str = ""
    warning: bool = False
    progress_changed: bool = False  #: this piece shows that the program gets on
    text: bytes = b""  #: what to store, always: the data itself, or what the parser put for it
    stop: Stop = ""  #: end the process now, and why
    bad_result: bool = False  #: let the process run; its result will be called bad
    log: str = ""  #: whole lines to put in the run's log
    message: str = ""  #: the line that made it stop or warn
    files: tuple[str, ...] = ()  #: absolute paths of images to be shown while it still runs


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended, in the plugin's judgement."""

    status: RunStatus
    message: str = ""  #: one sentence for people when it did not end well, or warned
    warning: bool = False
    report: str = ""
    resources: str = ""
    files: tuple[str, ...] = ()  #: absolute paths of what the parser saw written
    thumbnails: tuple[str, ...] = ()  #: absolute paths here of pictures to be shown small
    log: str = ""  #: whole lines to put at the end of the run's log
