"""A studio's plugins as they were written for Afanasy."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.model.states import RunStatus
from grange.plugins.afanasy.parser import parser
from grange.plugins.contract import PluginError
from grange.plugins.host import TaskPlugin
from grange.plugins.parsers.generic import Generic
from tests.plugins.build import a_plugin, a_studio

#: What CGRU 3.4.1's own class makes of the same text.
AFANASYS_HTML = (
    'ok<br>\n<span style="background-color:#FF0000"><b>[ PARSER ERROR ] bad</b></span><br>\n'
    '<span style="background-color:#00FF00"><b>ACTIVITY: a </b></span><br>\n'
    '<span style="background-color:#00FF00"><b></b></span>'
)
PARSER = r"""# -*- coding: utf-8 -*-
from parsers import parser
import re

Re_frame = re.compile(r'Frame (\d+)')


class house(parser.parser):
    'A house renderer'

    def __init__(self):
        parser.parser.__init__(self)
        self.firstframe = True
        self.str_error = ['no licence']
        self.str_warning.append('old cache')

    def do(self, i_args):
        data = i_args['data']
        mode = i_args['mode']
        if len(data) < 1:
            return
        for frame in Re_frame.findall(data):
            if not self.firstframe:
                self.frame += 1
            self.firstframe = False
        self.activity = self.taskInfo['job_name']
        if 'secret' in data:
            return data.replace('secret', '******')
        if data.find('wrote ') != -1:
            self.appendFile(data.split()[1], True)
        self.resources = i_args['resources']
        self.calculate()
"""

SERVICE = '''# -*- coding: utf-8 -*-
from services import service

parser = 'house'


class house(service.service):
    """A house service"""

    def __init__(self, taskInfo, i_verbose):
        service.service.__init__(self, taskInfo, i_verbose)
        self.taskInfo['command'] += ' -job %d' % self.taskInfo['job_id']
        self.log += 'Hello from the house.\\n'

    def getEnvironment(self):
        env = service.service.getEnvironment(self)
        env['HOUSE'] = self.taskInfo['user_name']
        return env

    def checkExitStatus(self, i_status):
        return i_status in [0, 3]
'''


def studio_of(folder: Path, **sources: str) -> Path:
    made = folder
    for name, source in sources.items():
        kind, _, plugin = name.partition("_")
        made = a_studio(folder, f"{kind}s", plugin, source)
    return made


def house(folder: Path, **changes: object) -> TaskPlugin:
    studio = studio_of(folder, parser_house=PARSER, service_house=SERVICE)
    return a_plugin(folder, studio, service="house", **changes)


@pytest.mark.proves("render.parsers.custom")
def test_a_parser_runs_unchanged(tmp_path: Path) -> None:
    plugin = house(tmp_path, frames_num=4, job_name="film")
    plugin.tell(host_resources='{"host_resources": {}}')
    reading = plugin.feed(b"Frame 1\nFrame 2\nold cache\n")
    assert (reading.frame, reading.percent, reading.warning) == (1, 25, True)
    assert (reading.activity, reading.resources) == ("film", '{"host_resources": {}}')
    assert plugin.feed(b"the secret\n").text == b"the ******\n"
    Path(tmp_path, "a.png").touch()
    assert plugin.feed(b"wrote a.png\n").files == (f"{tmp_path}/a.png",)
    assert plugin.feed(b"no licence\n").stop == "error"


@pytest.mark.proves(
    "render.services.class", "render.services.custom", "render.services.exit_status"
)
def test_a_service_runs_unchanged(tmp_path: Path) -> None:
    plugin = house(tmp_path, command="render @##@", files=("a.@#@",), frame_last=2, frames_num=2)
    ready = plugin.prepared
    assert ready.command == "render 01 -job 7"
    assert ready.files == (f"{tmp_path}/a.1", f"{tmp_path}/a.2")
    assert (ready.environment, ready.log) == ({"HOUSE": "jo"}, "Hello from the house.\n")
    assert plugin.finish(3, None).status == RunStatus.DONE
    assert house(tmp_path).finish(1, None).message.startswith("exit status 1")


def test_a_service_is_told_the_machines_of_its_task(tmp_path: Path) -> None:
    more = "    def getEnvironment(self): return {'FARM': ' '.join(self.taskInfo['hosts'])}\n"
    studio = studio_of(tmp_path, service_house=SERVICE + more)
    plugin = a_plugin(
        tmp_path, studio, service="house", hosts=("m1", "m2"), command="r @AF_HOSTS@"
    )
    assert plugin.prepared.command == "r -H m1,m2 -job 7"
    assert plugin.prepared.environment == {"FARM": "m1 m2"}


def test_an_argument_list_becomes_a_line_for_a_service_that_adds_to_it(tmp_path: Path) -> None:
    assert house(tmp_path, command=("r", "a b")).prepared.command == "r 'a b' -job 7"


@pytest.mark.proves("render.parsers.custom")
def test_a_parser_may_be_derived_from_one_that_ships(tmp_path: Path) -> None:
    source = (
        "import parsers.generic\n"
        "class ours(parsers.generic.generic):\n"
        "    def do(self, i_args):\n"
        "        parsers.generic.generic.do(self, i_args)\n"
        "        self.report = self.taskInfo['wdir']\n"
    )
    plugin = a_plugin(tmp_path, studio_of(tmp_path, parser_ours=source), parser="ours")
    reading = plugin.feed(b"PROGRESS: 30%\n")
    assert (reading.percent, reading.report) == (30, str(tmp_path))


def test_a_parser_may_be_derived_from_another_of_the_studio(tmp_path: Path) -> None:
    more = "from parsers import house\nclass more(house.house): pass\n"
    studio = studio_of(tmp_path, parser_house=PARSER, parser_more=more)
    plugin = a_plugin(tmp_path, studio, parser="more", frames_num=2)
    assert plugin.feed(b"Frame 1\nFrame 2\n").percent == 50


@pytest.mark.proves("render.services.custom")
def test_a_service_may_be_derived_from_one_that_ships(tmp_path: Path) -> None:
    source = "from services import htracker\nclass ours(htracker.htracker): pass\n"
    studio = studio_of(tmp_path, service_ours=source)
    plugin = a_plugin(tmp_path, studio, service="ours", command="t")
    assert plugin.prepared.command == "t -J 7"
    assert plugin.finish(1, None).status == RunStatus.DONE


def test_a_service_may_skip_its_task_and_judge_its_files(tmp_path: Path) -> None:
    source = SERVICE + (
        "    def skipTask(self): return self.taskInfo['task_id'] == 3\n"
        "    def checkRenderedFiles(self): return False\n"
        "    def getLog(self): return 'looked'\n"
    )
    studio = studio_of(tmp_path, parser_house=PARSER, service_house=source)
    skipped = a_plugin(tmp_path, studio, service="house")
    assert skipped.prepared.skip == "Skipped by service on render."
    assert skipped.prepared.log.endswith("looked\n")
    plugin = a_plugin(tmp_path, studio, service="house", task=4)
    assert plugin.prepared.skip == ""
    assert plugin.finish(0, None).status == RunStatus.BAD_FILES


def test_files_are_checked_and_skipped_as_by_any_service(tmp_path: Path) -> None:
    plugin = house(tmp_path, files=("a",), check_rendered_files=True)
    assert plugin.finish(0, None).message == f"File does not exist: {tmp_path}/a"
    Path(tmp_path, "a").touch()
    assert house(tmp_path, files=("a",), skip_existing_files=True).prepared.skip != ""


@pytest.mark.parametrize("line", ["from parsers import nonsuch", "import services.nonsuch"])
def test_a_plugin_that_is_nowhere_is_a_broken_import(line: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="nonsuch"):
        a_plugin(tmp_path, studio_of(tmp_path, service_ours=line), service="ours")


def test_lines_are_coloured_and_harmless() -> None:
    class Generically(parser, Generic):
        pass

    assert Generically().toHTML("ok\n[ PARSER ERROR ] bad\nACTIVITY: a \n") == AFANASYS_HTML
    told = Generically().toHTML("ok\n[ PARSER ERROR ] bad <b>\nACTIVITY: a \nREPORT: r\n")
    assert told.split("<br>\n")[:4] == [
        "ok",
        '<span style="background-color:#FF0000"><b>[ PARSER ERROR ] bad &lt;b&gt;</b></span>',
        '<span style="background-color:#00FF00"><b>ACTIVITY: a </b></span>',
        "<i><b>REPORT: r</b></i>",
    ]
