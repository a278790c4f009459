"""The door of Afanasy farms: what a farm answers to requests of real clients, damaged."""

from __future__ import annotations

import atexit
import functools
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from grange.core.check import faults
from grange.doors.afanasy.answering import Answering
from grange.doors.afanasy.door import decoded
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.server.refusal import BadRequest
from tests.doors.afanasy.recorded import all_recorded
from tests.doors.afanasy.stand import Stand
from tests.fuzz.place import FOLDER
from tests.fuzz.target import Target, over

MEMBERS = frozenset({"get", "action", "job", "user", "monitor", "announce", "save"})
WHO = b'"user_name":"ann","host_name":"ws1"'


@functools.cache
def stand() -> Stand:
    """A farm with jobs 2 to 5, one of which runs on a worker."""
    folder = FOLDER / "afanasy"
    folder.mkdir(exist_ok=True)
    (folder / "config_default.json").write_text('{"cgru_config": {"a": 1}}')
    found = Stand(folder)
    found.answering = Answering(found.desk, found.gauges, found.numbers, cgru=folder)
    atexit.register(found.close)
    numeric = BlockSpec(name="b", command="render @#@", frames="1-20", files=("/o/i.@##@.exr",))
    named = BlockSpec(name="n", tasks=(TaskSpec(name="t", command="true"),))
    found.join("r1")
    for _ in range(4):
        found.submit(JobSpec(name="act1", blocks=(numeric, named)))
    found.ask({"monitor": {"user_name": "ann", "host_name": "ws1"}})
    found.write(found.started()[0], "frame 1")
    return found


def answered(data: bytes) -> None:
    """A request: it has an answer that can be sent, and leaves the farm whole."""
    farm = stand()
    found = farm.reply(decoded(data))
    if found.body is not None:
        json.loads(msgspec.json.encode(found.body))
    assert not list(faults(farm.farm.state))


def asked() -> Iterator[bytes]:
    """Requests that were sent to a real server, each kind once."""
    for item in all_recorded():
        said: Any = item["input"]
        if isinstance(said, dict) and said.keys() & MEMBERS:
            yield json.dumps(said).encode()
    yield b'{"get":{"type":"config"}}'
    yield b'{"get":{"type":"renders","ids":[1],"mode":"full"}}'
    yield b'{"get":{"type":"jobs","ids":[2],"block_ids":[0],"task_ids":[0],"mode":"files"}}'
    yield b'{"get":{"type":"jobs","ids":[2],"block_ids":[0],"task_ids":[0],"mode":"output"}}'
    place = b'"class":"listen","status":"subscribe","job":2,"block":0,"task":0'
    listen = b'"type":"monitors","ids":[1],"operation":{"type":"watch",%s}' % place
    yield b'{"action":{%s,%s}}' % (WHO, listen)
    yield b'{"get":{"type":"monitors","ids":[1],"mode":"events"}}'
    for operation in (
        b'"ids":[2],"block_mask":"b n","operation":{"type":"skip"}',
        b'"ids":[2],"block_ids":[0],"params":{"files":["a"],"sequential":5}',
        b'"mask":"act.*","params":{"priority":5,"depend_mask":"a|b"}',
        b'"ids":[3],"operation":{"type":"append_blocks","blocks":[{"tasks":[{"command":"x"}]}]}',
    ):
        yield b'{"action":{%s,"type":"jobs",%s}}' % (WHO, operation)


TARGETS = (
    Target(
        name="afanasy answer",
        parse=answered,
        reaches=("grange.doors.afanasy.asked:read",),
        refuses=(BadRequest,),
        seeds=tuple(dict.fromkeys(asked())),
        grows=(
            lambda size: b'{"get":{"type":"jobs","ids":[' + over(b"2,", size) + b"2]}}",
            lambda size: b'{"get":{"type":"jobs","mask":"' + over(b"a|", size) + b'"}}',
            lambda size: b'{"action":{%s,"type":"jobs","mask":"%s"}}' % (WHO, over(b"(a", size)),
        ),
        memory=2_000,
        work=200,
    ),
)
