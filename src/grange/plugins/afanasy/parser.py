"""`parsers.parser`: the base class of Afanasy's parsers."""

from __future__ import annotations

import html
from typing import Any, Final

from typing_extensions import override

from grange.model.run import RunSpec
from grange.plugins.afanasy.task_info import TaskInfo
from grange.plugins.contract import Context
from grange.plugins.parser import Parser

_BACK: Final = '<span style="background-color:{}"><b>{{}}</b></span>'
_FORE: Final = '<span style="color:{}"><b>{{}}</b></span>'


class parser(Parser):  # noqa: N801 (Afanasy's documented name)
    """A parser that finds Afanasy's dictionary of the task in `taskInfo`."""

    def __init__(self) -> None:
        super().__init__()
        self.taskInfo: dict[str, Any] = {}

    @override
    def start(self, run: RunSpec, folder: str) -> None:
        """Learn which run is parsed."""
        super().start(run, folder)
        self.setTaskInfo(TaskInfo(run, Context(work_folder=folder)) | {"wdir": folder})

    def setTaskInfo(self, taskInfo: dict[str, Any]) -> None:  # noqa: N802, N803
        """Learn of the task."""
        self.taskInfo = taskInfo

    def getFiles(self) -> list[str]:  # noqa: N802
        """Give the files that were seen written."""
        return self.files

    def toHTML(self, i_data: str) -> str:  # noqa: N802
        """Colour a text by what is found in each of its lines."""
        return "<br>\n".join(self.tagHTML(line) for line in i_data.split("\n"))

    def tagHTML(self, line: str) -> str:  # noqa: N802
        """Colour a line: what makes the run fail, warns, ends it or tells what it does."""
        self.parse({"data": line, "mode": "RUN", "pid": 0, "resources": "{}"})
        text = html.escape(line, quote=False)
        for found, form in (
            (self.error or self.fatalerror, _BACK.format("#FF0000")),
            (self.badresult, _BACK.format("#FF00FF")),
            (self.warning, _BACK.format("#FFA500")),
            (self.finishedsuccess, _FORE.format("#008800")),
            (self.activity, _BACK.format("#00FF00")),
            (self.report, "<i><b>{}</b></i>"),
        ):
            if found:
                return form.format(text)
        return text
