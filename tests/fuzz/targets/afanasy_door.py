"""The door of Afanasy farms: framings, JSON, jobs, names, paths, passwords."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from grange.core.accept import check_job
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.doors.afanasy import orders
from grange.doors.afanasy.access import Access, claimed, network
from grange.doors.afanasy.binary.types import Kind, framed, number
from grange.doors.afanasy.digest import Challenge, Digest, Passwords, parse
from grange.doors.afanasy.door import decoded
from grange.doors.afanasy.framing import (
    BadFrame,
    Get,
    Intake,
    Post,
    Request,
    http_reply,
    json_of,
    text_reply,
)
from grange.doors.afanasy.static import kind_of, read, wanted
from grange.doors.afanasy.thumbs import meant
from grange.model.states import Role
from grange.server.refusal import BadRequest, Refusal
from tests.fuzz.place import FOLDER
from tests.fuzz.target import Target, over, text
from tests.server.keys import Clock

JOBS = json.loads(
    (Path(__file__).parents[2] / "doors" / "afanasy" / "vectors" / "jobs.json").read_text()
)
MESSAGE_MAX = 100_000  # bytes, of requests here
BODY = b'{"get":{"type":"jobs","user_name":"ann"}}'
HOST = b"Host: farm:51000\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST + b"AFANASY: 1\r\nOrigin: http://farm:51000\r\n"
REQUESTS = (
    b"AFANASY %d JSON" % len(BODY) + BODY,
    b"[ * AFANASY * ] 1 0 %d JSON" % len(BODY) + BODY,
    POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
    b"GET /lib/a.js?x HTTP/1.1\r\n" + HOST + b"\r\n",
    framed(Kind.JSON_BINARY, BODY),
    number(Kind.MONITOR_UPDATE_ID, 7),
)
BROKEN = (
    b"AFANASY 5 of JSON",
    b"OPTIONS * HTTP/1.1\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n",
    POST + b"Content-Length: 99999999\r\n\r\n",
    b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    bytes(12),
)


def framing(data: bytes) -> None:
    """A request comes out alike, be it read at once or in two pieces."""
    found = taken(data)
    for cut in (1, len(data) // 2):
        assert repr(taken(data[:cut], data[cut:])) == repr(found)
    if isinstance(found, BadFrame):
        assert found.reply
        raise found


def taken(*pieces: bytes) -> Request | BadFrame | None:
    """What comes out first."""
    intake = Intake(MESSAGE_MAX)
    for piece in pieces:
        try:
            found = intake.feed(piece)
        except BadFrame as why:
            return why
        if found is not None:
            return found
    return None


def request(data: bytes) -> None:
    """JSON of a request, and whom it says it comes from."""
    root = decoded(data)
    assert isinstance(claimed(root), str)


def reply(data: bytes) -> None:
    """Text, as it is answered to scripts."""
    body = json.dumps(text(data).encode("utf-8", "replace").decode(), ensure_ascii=False).encode()
    said = text_reply(body).partition(b"JSON")[2]
    assert said.isascii()
    assert json.loads(said) == json.loads(body)
    assert http_reply(200, body).endswith(body)


def job(data: bytes) -> None:
    """A job: it is refused by its field, or can be submitted."""
    spec = orders.read_job(decoded(data).get("job"))
    check_job(Farm().state, spec)
    assert spec.blocks


def parameters(data: bytes) -> None:
    """Parameters of a job and of a block."""
    params = decoded(data)
    refused = 0
    for change in (orders.job_changes, orders.block_changes):
        try:
            assert isinstance(change(params), dict)
        except orders.BadOrder:
            refused += 1
    if refused == 2:
        raise orders.BadOrder("", "both")


def page(data: bytes) -> None:
    """Host and Origin of a browser's request, one a line."""
    host, origin, address = [*text(data).split("\n"), "", ""][:3]
    ACCESS.trusts(address)
    ACCESS.check_page(Get("/", host), "10.0.0.1")
    ACCESS.check_page(Post(b"", host, origin or None, True), "10.0.0.1")


def allowed(data: bytes) -> None:
    """A network in the settings."""
    found = network(text(data))
    assert found.num_addresses > 0


def password(data: bytes) -> None:
    """What a client proves itself by; nobody here has a password."""
    assert isinstance(DIGEST.who(decoded(data).get("auth"), "10.0.0.7"), Challenge)


def passwords(data: bytes) -> None:
    """A file of passwords."""
    for user, realm, digest in parse(text(data)):
        assert user
        assert realm
        assert len(digest) == 32


def path(data: bytes) -> None:
    """A path that a browser asks for."""
    asked = text(data)
    name = wanted(asked)
    assert not name or (not name.startswith("/") and ".." not in name.split("/"))
    assert kind_of(asked) is None or name
    assert read(FOLDER.resolve(), asked) is None
    assert meant(asked) is None or asked.startswith("/")
    assert json_of(data) is not None


ACCESS = Access(allow=("10.0.0.0/8",), digest=None, role=Role.ADMIN, hosts=("farm",))
DIGEST = Digest(Passwords(FOLDER / "htdigest"), Clock())
AUTH = {"user_name": "ann", "nonce": "", "nc": 1, "response": "0" * 32}
PARAMS: tuple[dict[str, Any], ...] = (
    {"priority": 5, "hosts_mask": "a", "pools": {"/a": 3}, "time_life": -5, "offline": True},
    {"capacity": 5, "files": "a;b", "environment": {"A": 1}, "tickets": {"L": 2}, "flags": 5},
    {"non_sequential": True, "sequential": 3, "errors_retries": 1, "hidden": 0},
)


def sent(value: Any) -> bytes:
    return json.dumps(value).encode()


def nested(size: int) -> bytes:
    return over(b'{"job":', size)


def blocks(size: int) -> bytes:
    return b'{"job":{"user_name":"a","blocks":[' + over(b'{"tasks":[{}]},', size) + b"{}]}}"


TARGETS = (
    Target(
        name="afanasy framing",
        parse=framing,
        reaches=(
            "grange.doors.afanasy.framing:Intake._read_text",
            "grange.doors.afanasy.framing:Intake._read_http",
            "grange.doors.afanasy.framing:Intake._read_post",
            "grange.doors.afanasy.framing:Intake._read_binary",
            "grange.doors.afanasy.framing:_headers",
        ),
        refuses=(BadFrame,),
        seeds=(*REQUESTS, *BROKEN),
        grows=(
            lambda size: b"AFANASY %d JSON" % size + b"x" * size,
            lambda size: POST + b"Content-Length: %d\r\n\r\n" % size + b"x" * size,
            lambda size: POST + over(b"a: b\r\n", min(size, 16_000)) + b"\r\n",
        ),
    ),
    Target(
        name="afanasy request",
        parse=request,
        reaches=("grange.doors.afanasy.door:decoded", "grange.doors.afanasy.access:claimed"),
        refuses=(BadRequest,),
        seeds=(BODY, b"AFANASY 2 JSON{}", sent({"user": {"name": "ann"}}), b"[]"),
        grows=(nested, lambda size: b'{"get":[' + over(b"0,", size) + b"0]}"),
    ),
    Target(
        name="afanasy reply",
        parse=reply,
        reaches=(
            "grange.doors.afanasy.framing:text_reply",
            "grange.doors.afanasy.framing:_escaped",
        ),
        seeds=("ünï 🎬".encode(), b"ascii"),
    ),
    Target(
        name="afanasy job",
        parse=job,
        reaches=(
            "grange.doors.afanasy.orders.reading:read_job",
            "grange.doors.afanasy.orders.reading:_made",
        ),
        refuses=(BadRequest, Rejected),
        seeds=tuple(sent(JOBS[name]) for name in ("minimum", "maximum", "current")),
        structured=st.builds(
            lambda block, more: sent({"job": {"user_name": "a", "blocks": [block], **more}}),
            st.fixed_dictionaries(
                {},
                optional={
                    "flags": st.integers(-1, 2_047),
                    "frame_first": st.integers(-(2**33), 2**33),
                    "frame_last": st.integers(-(2**33), 2**33),
                    "frames_inc": st.integers(-3, 2**33),
                    "frames_per_task": st.integers(-(2**21), 2**21),
                    "command": st.text(max_size=9),
                    "files": st.text(max_size=9) | st.lists(st.text(max_size=4), max_size=3),
                    "tasks": st.lists(st.dictionaries(st.just("command"), st.text(max_size=5))),
                },
            ),
            st.dictionaries(st.sampled_from(sorted(PARAMS[0])), st.none() | st.integers()),
        ),
        grows=(nested, blocks),
        memory=1_200,  # a task of two bytes is a structure of its own
        work=40,
    ),
    Target(
        name="afanasy parameters",
        parse=parameters,
        reaches=("grange.doors.afanasy.orders.changes:_changes",),
        refuses=(BadRequest,),
        seeds=tuple(map(sent, PARAMS)),
        memory=200,
        work=20,
    ),
    Target(
        name="afanasy page",
        parse=page,
        reaches=(
            "grange.doors.afanasy.access:Access.trusts",
            "grange.doors.afanasy.access:_host_name",
            "grange.doors.afanasy.access:_origin_host",
        ),
        refuses=(Refusal,),
        seeds=(b"farm:51000\nhttp://farm:51000\n10.0.0.7", b"[::1]:5\n\nfe80::1%eth0", b"farm"),
    ),
    Target(
        name="afanasy network",
        parse=allowed,
        reaches=("grange.doors.afanasy.access:network",),
        refuses=(ValueError,),
        seeds=(b"10.0.0.0/24", b"fe80::/10", b"192.168.1.5"),
        memory=400,
        work=40,
    ),
    Target(
        name="afanasy password",
        parse=password,
        reaches=("grange.doors.afanasy.digest:Digest.who",),
        refuses=(BadRequest,),
        seeds=(sent({"auth": AUTH}), sent({"auth": {**AUTH, "nc": "9"}}), b"{}"),
    ),
    Target(
        name="afanasy passwords",
        parse=passwords,
        reaches=("grange.doors.afanasy.digest:parse",),
        seeds=(b"ann:CGRU:" + b"a" * 32 + b"\n# none\n",),
        memory=200,
        work=8,
    ),
    Target(
        name="afanasy path",
        parse=path,
        reaches=("grange.doors.afanasy.static:read", "grange.doors.afanasy.thumbs:meant"),
        seeds=(b"/", b"/lib/a.css", b"/7/12/1/a.jpg", b"/../a.css"),
        memory=400,
        work=40,
    ),
)
