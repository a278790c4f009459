"""`grange afanasy`: what an Afanasy server answers, on a terminal, and what people say to it."""

from __future__ import annotations

import contextlib
import io
import json
import re
from types import SimpleNamespace
from typing import Any

from grange.cli.afanasy import group, words
from grange.cli.afanasy.cmd import cmd
from grange.cli.afanasy.job import _deliver
from grange.cli.afanasy.send import send
from grange.cli.session import NoneSuch, Refused
from grange.client.errors import GrangeError
from tests.fuzz.place import kept
from tests.fuzz.target import Target, narrow, text
from tests.fuzz.targets.af import CHALLENGE, JOBS, KNOWN, RENDERS, answering, framed, loaded

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
WHO = words.Asker("ann", "ws1")
OBEYED = frozenset(map(chr, (*range(9), *range(11, 32), 127, *range(128, 160)))) - {"\t"}


def context() -> Any:
    """What commands know of their call: the place of the server."""
    return SimpleNamespace(meta={group.PLACE: ("farm", 51_000)})


def shown(data: bytes) -> None:
    """An answer, as a person sees it and as a program reads it."""
    for as_json in (False, True):
        out = io.StringIO()
        with loaded(KNOWN), answering(framed(data)), contextlib.redirect_stdout(out):
            cmd(context(), "rlist", as_json=as_json)
        said = out.getvalue()
        assert said.encode()
        if as_json:
            json.loads(said)
        else:
            assert not OBEYED & set(COLOUR.sub("", said))


def taken(data: bytes) -> None:
    """An answer to a job: its number, or why it was not taken."""
    out = io.StringIO()
    with loaded(KNOWN), answering(framed(data)), contextlib.redirect_stdout(out):
        _deliver(context(), {"job": {"name": "film"}}, dry_run=False, as_json=False)
    assert re.fullmatch(r"job \d+ film\n", out.getvalue())


def request_file(data: bytes) -> None:
    """A request in a file."""
    out = io.StringIO()
    with loaded(KNOWN), answering(framed(JOBS)), contextlib.redirect_stdout(out):
        send(context(), str(kept("request.json", data)))
    assert json.loads(out.getvalue()) == json.loads(JOBS)


def word(data: bytes) -> None:
    """A word of afcmd, and what stands behind it."""
    name, *said = text(data).split(" ")
    root = words.request(name, WHO, said)
    (body,) = root.values()
    assert body["user_name"] == "ann"
    assert len(json.dumps(root)) <= 12 * len(data) + 500


TARGETS = (
    narrow(
        name="grange afanasy: an answer",
        parse=shown,
        reaches=("grange.cli.afanasy.group:ask", "grange.cli.afanasy.pages:reply"),
        refuses=(GrangeError, NoneSuch),
        seeds=(
            *(JOBS, RENDERS, CHALLENGE, b"null", b'{"users":[{"id":1,"name":"ann"}]}'),
            b'{"message":{"list":["a","b"]}}',
            b'{"task":{"data":"line 1\\n\\u001b[31mline 2\\u001b[2J"}}',
            b'{"status":"success","success":"done"}',
            b'{"info":{"kind":"log","text":"Action processed."}}',
            b'{"info":{"kind":"error","text":"Invalid ID"}}',
        ),
        found=(
            *(b'"\\ud800"', b'{"task":{"data":"\\ud800"}}', b'{"jobs":[1]}', b'{"info":1}'),
            b'{"jobs":[{"name":' + b"[" * 900 + b"]" * 900 + b"}]}",
            *(b"[" * 900 + b"]" * 900, b'{"info":{"kind":"error","text":3}}'),
            *(b'{"message":1}', b'{"message":{"list":3}}', b'{"renders":[{"host_resources":1}]}'),
        ),
        memory=4_000,
        work=400,
    ),
    narrow(
        name="grange afanasy: an answer to a job",
        parse=taken,
        reaches=("grange.cli.afanasy.job:_deliver", "grange.af.job:refusal"),
        refuses=(GrangeError, NoneSuch),
        seeds=(b'{"id":5,"serial":7}', b'{"id":0,"error":"no"}', b'{"id":"\\u001b[2J"}'),
        found=(b'{"id":-5}', b'{"id":true}'),
        memory=600,
    ),
    narrow(
        name="grange afanasy: a request in a file",
        parse=request_file,
        reaches=("grange.cli.afanasy.send:send",),
        refuses=(Refused,),
        seeds=(b'{"get":{"type":"jobs"}}', b"[]", b'{"get":"\xff"}'),
        memory=600,
    ),
    Target(
        name="grange afanasy: a word",
        parse=word,
        reaches=("grange.cli.afanasy.words:request", "grange.cli.afanasy.words:_number"),
        refuses=(Refused,),
        seeds=(b"jlist", b"jpri film 7", b"trestart 1 2 3", b"ujobs ann", b"psrvadd / nuke"),
        found=(b"ujobs " + b"9" * 5_000, "ujobs ²".encode()),
        memory=200,
    ),
)
