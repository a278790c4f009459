"""PyFarm's dictionary: its XML of two ages, its JSON, what is restored, set and told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from grange.client.errors import GrangeError
from grange.client.requests import pyfarm as requests
from grange.client.requests.message import Reply
from grange.core.check import faults
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.doors.pyfarm.changes import Setting
from grange.doors.pyfarm.dictionary import BadDictionary, Jobs, frame_key
from grange.doors.pyfarm.imports import read
from grange.doors.pyfarm.json_form import from_json, to_json
from grange.doors.pyfarm.keys import FrameKeys, find_job, job_key
from grange.doors.pyfarm.restored import restorations
from grange.doors.pyfarm.xml_in import from_xml
from grange.doors.pyfarm.xml_out import to_xml
from grange.server.decode import decode_json
from grange.server.refusal import Refusal
from tests.build import block, block_of, job, named, submit
from tests.doors.pyfarm.strategies import dictionaries
from tests.doors.pyfarm.vectors import CASES, VECTORS, seed
from tests.fuzz.target import Target, text

FARMS_OWN: dict[str, Any] = {
    "shot": {
        "status": "Rendering",
        "id": 3,
        "priority": 50,
        "depend_jobs": [2],
        "command_pre": ["mkdir", "x"],
        "subjobs": {
            "lo": {
                "range": "1-2",
                "command": ["r", "@#@"],
                "frames": {
                    "1": {
                        "status": "Complete",
                        "command": "r 1",
                        "start": 1.5,
                        "end": 2,
                        "pid": 7,
                    },
                    "2": {"status": "Complete", "state": "skipped", "result": {"status": "lost"}},
                },
            },
            "hi": {"frames": {"a": {"task": {"name": "a", "command": ["b"]}, "attempt": 2}}},
            "pre": {"pre_for": -1, "frames": {"pre": {"status": "Complete"}}},
        },
    }
}
XML = tuple(case["xml"].encode() for case in CASES.values())
JSON = tuple(json.dumps(case["json"]).encode() for case in CASES.values())


def again(parse: Callable[[bytes], Jobs], write: Callable[[Jobs], str]) -> Callable[[bytes], None]:
    """Give what reads a dictionary, and writes it again."""

    def taken(data: bytes) -> None:
        jobs = parse(data)
        assert parse(write(jobs).encode()) == jobs

    return taken


def restored(data: bytes) -> None:
    """A dictionary: its jobs are made, or refused; the farm is sound either way."""
    farm = Farm()
    try:
        for plan in restorations(read(data)):
            spec = replace(plan.command.spec, depend_jobs=())
            assert len(plan.logs) == len(plan.command.runs)
            if spec.blocks:
                farm.apply(replace(plan.command, spec=spec, user="ann"), 10)
    finally:
        assert not list(faults(farm.state))


def _farm() -> Farm:
    farm = Farm()
    submit(farm, job(block("1-9", frames_per_task=2), named("a", "7", "a"), name="shot"))
    submit(farm, job(name="shot"))
    return farm


FARM = _farm()
KEYS = [FrameKeys(block_of(FARM, next(iter(FARM.state.jobs)), number)) for number in (0, 1)]


def asked(data: bytes) -> None:
    """Keys of a job and of a frame: what they mean has that key."""
    name, _, frame = text(data).partition("/")
    found = find_job(FARM.state, name)
    assert found is None or job_key(FARM.state, found) == name
    for keys in KEYS:
        task = keys.task(frame_key(frame))
        assert task is None or str(keys.key(task)) == frame


def setting(data: bytes) -> None:
    """A value that is to be set."""
    assert decode_json(data, Setting).path is not None


def told(data: bytes) -> None:
    """The dictionary as a client is told it."""
    jobs = requests.read().result(Reply(status=200, body=data))
    assert all(isinstance(name, str) for name in jobs)


TARGETS = (
    Target(
        name="PyFarm: XML",
        parse=again(from_xml, to_xml),
        reaches=(
            "grange.doors.pyfarm.xml_in:read_xml",
            "grange.doors.pyfarm.xml_in:_number",
            "grange.doors.pyfarm.xml_in:_from_base64",
            "grange.doors.pyfarm.dictionary:frame_key",
            "grange.doors.pyfarm.json_form:load",
            "grange.doors.pyfarm.xml_out:_name",
        ),
        refuses=(BadDictionary,),
        seeds=(*XML, b"<!DOCTYPE jobs []>", b"<jobs/>", b"<a>"),
        structured=dictionaries.map(lambda jobs: to_xml(jobs).encode()),
        grows=(
            lambda size: b'<jobs version="1">' + b"<job>" * (size // 5),
            lambda size: b'<jobs version="1"><job name="' + b"&amp;" * (size // 5) + b'"/></jobs>',
            lambda size: b"<!--" + b"-" * size,
        ),
        memory=400,
        work=20,
    ),
    Target(
        name="PyFarm: XML of 2009",
        parse=again(from_xml, to_xml),
        reaches=("grange.doors.pyfarm.xml_2009:_value",),
        refuses=(BadDictionary,),
        seeds=(
            VECTORS["pyfarm_2009_xml_of_seed"].encode(),
            b'<Jobs><job name="J"><subjob subid="s"><entry num="1" pid="None"/>'
            b'<entry num="1" id="b" start="1.5"/></subjob></job></Jobs>',
        ),
        memory=400,
        work=20,
    ),
    Target(
        name="PyFarm: JSON",
        parse=again(from_json, to_json),
        reaches=("grange.doors.pyfarm.json_form:load", "grange.doors.pyfarm.dictionary:normal"),
        refuses=(BadDictionary,),
        seeds=(*JSON, b'{"J": {"subjobs": {"s": {"frames": {"1": {"x": 1e999}}}}}}'),
        structured=dictionaries.map(lambda jobs: to_json(jobs).encode()),
        memory=400,
        work=20,
    ),
    Target(
        name="PyFarm: what is restored",
        parse=restored,
        reaches=(
            "grange.doors.pyfarm.restored:_converted",
            "grange.doors.pyfarm.runs:_result",
            "grange.core.restore:restore",
        ),
        refuses=(BadDictionary, Rejected),
        seeds=(
            *(json.dumps(jobs | {}).encode() for jobs in (seed(), FARMS_OWN)),
            to_xml(seed()).encode(),
            json.dumps({"J": seed()["Job1"] | {"priority": "x"}}).encode(),
        ),
        found=(b'{"J":{"subjobs":{"s":{"frames":{"0":{"status": []}}}}}}',),
        structured=dictionaries.map(lambda jobs: to_json(jobs).encode()),
        memory=2_000,
        work=200,
    ),
    Target(
        name="PyFarm: keys",
        parse=asked,
        reaches=("grange.doors.pyfarm.keys:find_job", "grange.doors.pyfarm.keys:FrameKeys.task"),
        seeds=(b"shot/1-2", b"shot#2/9", b"shot#1/a#2", b"x#99999999999999999999999/-", b"/7"),
        work=40,
    ),
    Target(
        name="PyFarm: a value to set",
        parse=setting,
        reaches=("grange.server.decode:decode_json",),
        refuses=(Refusal,),
        seeds=(b'{"path": ["Job1", "status"], "value": "Paused"}', b'{"path": [1], "value": {}}'),
    ),
    Target(
        name="PyFarm: what a client is told",
        parse=told,
        reaches=(
            "grange.client.requests.pyfarm:_read_jobs",
            "grange.client.requests.pyfarm:numbered",
        ),
        refuses=(GrangeError,),
        seeds=(*JSON, b'{"J": 1}', b'{"J": {"subjobs": []}}', b"[" * 100_000),
        memory=400,
        work=20,
    ),
)
