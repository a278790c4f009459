"""The module of Afanasy's users: what a server answers, CGRU's files, and what scripts say."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from typing import Self

import msgspec
import pytest

from grange.af import afcmd, afcommon, afjob, afnetwork, cgruconfig, named
from grange.af.block import Block
from grange.af.cgrupathmap import Pathmap
from grange.af.cmd import Cmd
from grange.af.job import Job
from grange.client.errors import BadReply, NotAllowed, Unreachable
from tests.fuzz.place import FOLDER, kept
from tests.fuzz.target import Target, narrow, over, text

SENTENCE_MAX = 1_000  # characters of what is said of an answer
PIECE = 1_000  # bytes that come at once
HOME = FOLDER / "af"
ENVIRONMENT = {
    "HOME": str(HOME),
    "GRANGE_HOME": str(HOME / "state"),
    "GRANGE_CONFIG_DIR": str(HOME / "settings"),
    "USER": "ann",
    "AF_HOSTNAME": "ws1",
    "PWD": "/work",
}
KNOWN = {**ENVIRONMENT, "AF_SERVERNAME": "farm", "AF_DIGEST_PASSWORD": "secret"}
JOBS = b'{"jobs":[{"id":2,"name":"film","blocks":[{"block_num":0,"p_percentage":25}]}]}'
RENDERS = b'{"renders":[{"id":1,"name":"r1","host_resources":{"cpu_idle":30}}]}'
CONFIG = (
    b'{"cgru_config":{"af_servername":"farm","af_serverport":"51001","pathsmap":[["/a","/b"]]}}'
)
CHALLENGE = b'{"realm":"afanasy","nonce":"ab12"}'


class Connection:
    """A server that says some bytes, whatever it is asked, and closes."""

    def __init__(self, data: bytes) -> None:
        self._said = io.BytesIO(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendall(self, data: bytes) -> None:
        assert data.startswith(b"AFANASY ")

    def recv(self, size: int) -> bytes:
        return self._said.read(min(size, PIECE))


@contextlib.contextmanager
def answering(data: bytes) -> Iterator[None]:
    """Let each request of a script be answered by these bytes."""

    def connect(place: tuple[str, int], seconds: float) -> Connection:
        assert isinstance(place[0], str)
        assert 0 < place[1] < 65_536
        assert seconds > 0
        return Connection(data)

    afnetwork._logins.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", connect)
        yield


def framed(data: bytes) -> bytes:
    """An answer as servers send it."""
    return b"AFANASY %d JSON" % len(data) + data


@contextlib.contextmanager
def loaded(environment: dict[str, str]) -> Iterator[io.StringIO]:
    """CGRU's variables as they are with this environment; gives what is told to people."""
    HOME.mkdir(parents=True, exist_ok=True)
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(told):
        patch.setattr(os, "environ", environment)
        cgruconfig.load()
        yield told


def answer(data: bytes) -> None:
    """An answer off the wire: to a script that is told what is wrong, and to one that is not."""
    with loaded(KNOWN) as told, answering(data):
        sent, reply = afnetwork.sendServer({"get": {"type": "jobs"}})
        assert sent == (told.getvalue() == "")
        assert len(told.getvalue()) < SENTENCE_MAX
        try:
            found = afnetwork.exchange({"get": {"type": "jobs"}})
        except (BadReply, NotAllowed, Unreachable):
            assert not sent
            raise
        assert sent
        assert repr(found) == repr(reply)


def objects(data: bytes) -> None:
    """What a server answers to each call of a script, whatever it is."""
    with loaded(KNOWN) as told, answering(framed(data)):
        for job in afcmd.getJobList(full=True):
            assert isinstance(job.id, int)
            job.pause()
            for block in job.blocks:
                block.skip([1])
        afcmd.getJob(2)
        for render in afcmd.getRenderList():
            assert isinstance(render.id, int)
            render.setNimby()
        assert all(isinstance(pool.id, int) for pool in afcmd.getPoolList())
        afcmd.getRenderResources()
        with afcmd.Monitor() as monitor:
            assert isinstance(monitor.id, int)
            monitor.events()
        cmd = Cmd()
        for ask in (cmd.getJobList, cmd.renderGetList, cmd.monitorRegister):
            ask()
        film = Job("film")
        film.blocks.append(Block("render"))
        sent, reply = film.send()
        assert not sent or reply["id"]
        assert max(map(len, told.getvalue().split("\n"))) < SENTENCE_MAX


def used() -> None:
    """Use the variables as a script does: what is sent can be sent."""
    where = afnetwork.address()
    assert isinstance(where.host, str)
    assert 0 < where.port < 65_536
    job = Job("film")
    block = Block("render")
    block.setCommand("render -s @#@")
    job.blocks.append(block)
    job.setNativeOS()
    job.setFolder("output", "/a/b")
    assert json.dumps(job.request())
    assert isinstance(Pathmap.toServer("/a/b"), str)


def config(name: str) -> Callable[[bytes], None]:
    """Give what reads a file of CGRU's variables."""

    def read(data: bytes) -> None:
        kept(f"af/{name}", data)
        with loaded({**ENVIRONMENT, "CGRU_CUSTOM_CONFIG": str(HOME / name)}):
            used()

    return read


def variables(data: bytes) -> None:
    """CGRU's variables in the environment: NAME=VALUE, a line each."""
    pairs = (line.partition("=") for line in text(data).replace("\0", "").split("\n"))
    said = {name: value for name, _, value in pairs if name}
    with loaded({**said, **ENVIRONMENT}):
        used()


def announced(data: bytes) -> None:
    """Where a server on this machine says that its door is."""
    kept("af/state/server.json", data)
    try:
        with loaded(ENVIRONMENT):
            used()
    finally:
        (HOME / "state" / "server.json").unlink()


def service(data: bytes) -> None:
    """A service of a studio: its name, then its file, which names a parser."""
    name, _, said = data.partition(b"\n")
    kept("af/afanasy/python/services/studio.py", said)
    with loaded({**ENVIRONMENT, "AF_ROOT": str(HOME / "afanasy"), "CGRU_LOCATION": str(HOME)}):
        assert isinstance(named.usual_parser("studio"), str)
        assert isinstance(Block("b", text(name)).data["service"], str)


def patterns(data: bytes) -> None:
    """Names of files, which become patterns, and expressions."""
    first, _, second = text(data).partition("\n")
    made = afcommon.patternFromDigits(first)
    assert afcommon.patternFromDigits(made) == made
    for pattern in (
        afcommon.patternFromFile(first),
        afcommon.patternFromStdC(first),
        afcommon.patternFromPaths(first, second),
    ):
        assert len(pattern) <= 30 * len(first) + 99  # %99d becomes 99 digits
    assert len(afcommon.filterFileName(first)) == len(first)
    re.purge()  # each costs what it costs the first time
    with contextlib.redirect_stderr(io.StringIO()):
        assert named.checkRegExp(first) in (True, False)


def scene(data: bytes) -> None:
    """What is said of a scene, as JSON: by the names of afjob's options."""
    said = msgspec.json.decode(data, type=afjob.Options)
    with loaded(ENVIRONMENT):
        job = afjob.job_of(said, "farm", 51_000)
        assert job.blocks
        assert len(json.dumps(job.request())) < 10_000 * (len(data) + 1)


def wrong() -> Iterator[bytes]:
    """Files whose variables are of another kind than they should be."""
    names = (
        *("af_serverport", "af_cmdprefix", "af_servername", "pathsmap", "platform", "include"),
        *("HOSTNAME", "CGRU_LOCATION", "AF_ROOT"),
    )
    for name in names:
        for value in (None, 5, [5], {"a": 1}, "\ud800"):
            yield json.dumps({"cgru_config": {name: value}}).encode()


def scenes() -> Iterator[bytes]:
    """A scene of each kind, and what else can be said of one."""
    for ending in afjob.ENDINGS:
        yield json.dumps(
            {"scene": f"/p/a.{ending}", "first": 1, "last": 9, "node": "n", "output": "/o/a.##.x"}
        ).encode()
    yield b'{"scene":"a.nk","first":1,"last":9,"images":"i.%04d.png","mname":"m","mres":"2x3"}'
    yield (
        b'{"scene":"a.scn","first":1,"last":2,"script":"s","varirender":'
        b'{"attribute":"seed","start":1,"step":2,"times":3}}'
    )
    yield b'{"scene":"a.hip","first":1,"last":2}'


TARGETS = (
    narrow(
        name="af: answer of a server",
        parse=answer,
        reaches=(
            "grange.af.afnetwork:sendServer",
            "grange.af.afnetwork:_received",
            "grange.af.afnetwork:_read",
            "grange.af.digest:Login.proof",
        ),
        refuses=(BadReply, NotAllowed, Unreachable),
        seeds=(framed(JOBS), framed(CHALLENGE), b"", b"HTTP/1.1 400 no\r\n\r\n", framed(b"[NaN]")),
        found=(framed(b'{"realm":"\\ud800","nonce":""}'),),
        grows=(
            lambda size: framed(over(b"[", size)),
            lambda size: framed(b"[" * 900 + b"]" * 900 + over(b" ", size)),
            lambda size: framed(b'{"realm":"%s","nonce":""}' % over(b"a", size)),
            functools.partial(over, b"AFANASY 5 JSON{"),
        ),
    ),
    narrow(
        name="af: answers as objects",
        parse=objects,
        reaches=("grange.af.afcmd:getJobList", "grange.af.afcmd:Job.fillInfo"),
        seeds=(
            *(JOBS, RENDERS, b'{"monitor":{"id":3}}', b'{"pools":[{"id":1}]}', b'{"id":5}'),
            b'{"jobs":[1]}',
            b'{"info":{"kind":"error","text":"no"}}',
        ),
        found=(
            b'{"jobs":[{"id":1,"blocks":3}],"pools":1,"monitor":{"id":"x"}}',
            b'{"jobs":[{"id":1,"blocks":[{"p_percentage":"x"}]}]}',
            b'{"id":0,"error":' + b"[" * 900 + b"]" * 900 + b"}",
        ),
        memory=2_000,
        work=400,
    ),
    narrow(
        name="af: CGRU's variables in a file",
        parse=config("custom.json"),
        reaches=("grange.af.cgruconfig:_read", "grange.af.cgruconfig:_merge"),
        seeds=(
            CONFIG,
            b'{"cgru_config":{"OS_linux":{"af_priority":7},"include":["custom.json"]}}',
            b'{"cgru_config":{"af_serverport":1e999,"af_servername":5,"USERNAME":[]}}',
            b'{"cgru_config":{"include":["%s"]}}' % (b"a" * 300),
        ),
        found=(
            b'{"cgru_config":' + b'{"OS_unix":' * 900 + b"1" + b"}" * 901,
            b'{"cgru_config":{"af_serverport":' + b"9" * 400 + b"}}",
            *wrong(),
        ),
        memory=2_000,
        work=100,
    ),
    narrow(
        name="af: CGRU's variables in the environment",
        parse=variables,
        reaches=("grange.af.cgruconfig:_said",),
        seeds=(b"AF_SERVERNAME=farm\nAF_SERVERPORT=51001", b"CGRU_AF_PRIORITY=x\nAF_CMD_PREFIX=a"),
    ),
    narrow(
        name="af: a server on this machine",
        parse=announced,
        reaches=("grange.af.cgruconfig:_here",),
        seeds=(b'{"afanasy":"[::1]:51007"}', b'{"afanasy":"farm:99999999"}', b"[]"),
    ),
    narrow(
        name="af: file of a service",
        parse=service,
        reaches=("grange.af.named:usual_parser", "grange.af.named:_source"),
        seeds=(b"studio\nfrom services import service\n\nparser = 'nuke'\n", b"a" * 300),
        memory=600,
    ),
    Target(
        name="af: patterns",
        parse=patterns,
        reaches=(
            "grange.af.afcommon:patternFromFile",
            "grange.af.afcommon:splitPathsDifference",
            "grange.af.named:checkRegExp",
        ),
        seeds=(b"a.0001.exr\na.0002.exr", b"a.%04d.exr", b"a.####.exr\n", b"(a|b).*[0-9]+"),
        found=(
            b"66%d%66d666%d%66d",
            b"[[a]",
            b"(" * 5_000,
            b"a{%s}" % (b"9" * 30),
            b"a{%s}" % (b"9" * 5_000),
        ),
        memory=2_000,
        work=100,
    ),
    narrow(
        name="af: a scene",
        parse=scene,
        reaches=(
            "grange.af.afjob.making:_movie",
            *(f"grange.af.afjob.scenes:{name}" for name in ("_blender", "_houdini", "_xsi")),
        ),
        refuses=(msgspec.MsgspecError, UnicodeDecodeError, RecursionError, afjob.BadScene),
        seeds=tuple(scenes()),
        memory=2_000,
        work=60,
    ),
)
