"""What comes over HTTP: bodies, headers, cookies, tokens, paths."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from grange.core import commands as c
from grange.core.accept import check_job
from grange.core.check import faults
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.doors.native import asks
from grange.doors.native.logs import read_range
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import TaskFilter, TaskOp
from grange.server.asgi import Message, Receive, Scope, Send
from grange.server.attempts import Attempts
from grange.server.auth import Gate
from grange.server.credentials import Keyring
from grange.server.decode import decode_changes, decode_json
from grange.server.guard import Guard
from grange.server.page import Page
from grange.server.refusal import Refusal
from grange.server.request import cookie, header, is_local, respond, sender
from grange.server.sessions import COOKIE, Session, Sessions
from tests.build import submit
from tests.fuzz.target import Target, same, text
from tests.server.keys import Clock, Drawer, admin_token
from tests.store.strategies import records

JOB = JobSpec(
    name="shot",
    blocks=(BlockSpec(command=("render", "@#@"), frames="1-10", files=("/a.@#@.png",)),),
    user="ann",
    pools={"/linux": 5},
)
BODIES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "job": (JobSpec, (JOB,)),
    "blocks": (asks.Blocks, ([JOB.blocks[0]],)),
    "tasks": (asks.Tasks, ([TaskSpec(name="a", command="do a")],)),
    "task operation": (
        asks.TasksChange,
        (asks.TasksChange(op=TaskOp.RESTART, tasks="0-5,9", only=TaskFilter.ALL),),
    ),
    "tasks to try next": (asks.NextTasks, (asks.NextTasks(block=0, tasks=(1, 2)),)),
    "errors to forget": (asks.ErrorsForgotten, (asks.ErrorsForgotten(block=0),)),
    "ejection": (asks.Ejection, (asks.Ejection(keep_own=True),)),
    "instruction": (asks.Instruction, (asks.Instruction(what="reboot"),)),
    "launching": (asks.Launching, (asks.Launching(command=("update", "--all"), exit=True),)),
    "order of jobs": (asks.JobsMove, (asks.JobsMove(job_ids=(3,), where="top"),)),
    "new token": (asks.NewToken, ({"name": "ann", "role": "artist", "expires_s": 60.0},)),
    "new join code": (asks.NewJoinCode, (asks.NewJoinCode(expires_s=600.0),)),
    "join": (asks.Join, (asks.Join(code="grange1-abc", name="node7"),)),
}
CHANGES: tuple[dict[str, Any], ...] = (
    {"priority": 5, "hosts_mask": "node.*", "pools": {"/a": 5}},
    {"depend_mask": "a|b", "annotation": "x", "wait_until": 1e9, "command_pre": ["a"]},
    {"priority": None, "blocks": [], "": 1},
)
BODY_MAX = 1_000  # bytes, of the guard here
LOCAL = {"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 7_420), "scheme": "http"}


def body(kind: Any) -> Callable[[bytes], None]:
    """Give what reads a body of a kind, and writes it again."""

    def read(data: bytes) -> None:
        value = decode_json(data, kind)
        same(decode_json(msgspec.json.encode(value), kind), value)

    return read


def job(data: bytes) -> None:
    """A job: it is refused by its field, or can be submitted."""
    spec = decode_json(data, JobSpec)
    check_job(Farm().state, spec)
    assert spec.blocks


def _edited() -> Callable[[bytes], None]:
    farm = Farm()
    job_id = submit(farm, JOB)

    def edit(data: bytes) -> None:
        changes = decode_changes(data)
        before = farm.state.jobs[job_id].spec
        try:
            farm.apply(c.EditJob(job_id=job_id, changes=changes), 2)
        except Rejected:
            assert farm.state.jobs[job_id].spec is before
            raise
        finally:
            assert not list(faults(farm.state))

    return edit


def guarded(data: bytes) -> None:
    """A request whose Host, Origin, length and cookie are these bytes, one a line."""
    values = [*data.split(b"\n"), b"", b"", b"", b""][:4]
    names = (b"host", b"origin", b"content-length", b"cookie")
    headers = [(name, value) for name, value in zip(names, values, strict=True) if value]
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, **LOCAL}
    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        answers.append(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = cookie(scope, COOKIE)
        assert found is None or isinstance(found, str)
        assert header(scope, b"host")
        assert is_local(scope)
        assert sender(scope)
        await respond(send, 200, b"", {})

    asyncio.run(
        Guard(app, hosts=("farm",), origins=(), body_max_bytes=BODY_MAX)(scope, receive, send)
    )
    assert answers[0]["status"] in (200, 403, 413, 421)
    assert len(answers) == 2


def _gate() -> Gate:
    clock = Clock()
    keyring = Keyring(Drawer(), clock)
    keyring.ensure_admin(TOKEN, "owner")
    return Gate(keyring, Sessions(b"k" * 32, 3_600, clock), clock)


TOKEN = admin_token()
GATE = _gate()
KNOWN = b"known"  # stands for the secret of a link that is good
SEALED = GATE.sessions.seal(Session(credential_id="local-admin", user="ann", expires=2e9))


def token(data: bytes) -> None:
    """The header Authorization."""
    GATE.attempts = Attempts(Clock())
    principal = GATE.authenticate(
        address=text(data)[:50], authorization=data.decode("latin-1"), cookie=None
    )
    assert principal.name == "owner"


def session(data: bytes) -> None:
    """The cookie of a session, and whom the request acts for."""
    value, _, acts_for = data.decode("latin-1").partition(" ")
    principal = GATE.authenticate(
        address="10.0.0.7", authorization=None, cookie=value, acts_for=acts_for
    )
    assert principal.user in ("ann", acts_for)


def link(data: bytes) -> None:
    """The secret of a login link."""
    GATE.attempts = Attempts(Clock())
    known = GATE.sessions.make_link("local-admin", "ann")
    said = known if data == KNOWN else text(data).encode(errors="replace").decode()
    assert GATE.sign_in(said, "10.0.0.7").user == "ann"


def log_range(data: bytes) -> None:
    """The header Range."""
    for size in (0, 1, 1_000):
        part = read_range(data.decode("latin-1"), size)
        assert part is None or 0 <= part.first <= part.last < size


PAGE = Page.of_package()


def page_path(data: bytes) -> None:
    """The path of a file of the page: one of those that were read, or none."""
    asset = PAGE.find(text(data))
    assert asset is None or asset.content


def as_json(values: tuple[Any, ...]) -> tuple[bytes, ...]:
    """Values as bodies."""
    return tuple(map(msgspec.json.encode, values))


TARGETS = (
    *(
        Target(
            name=f"body: {name}",
            parse=body(kind),
            reaches=("grange.server.decode:decode_json",),
            refuses=(Refusal,),
            seeds=as_json(examples),
            structured=records(kind).map(msgspec.json.encode),
            grows=(lambda size: b'{"' + b"a" * size + b'":1}',),
        )
        for name, (kind, examples) in BODIES.items()
    ),
    Target(
        name="body: job, as it is checked",
        parse=job,
        reaches=(
            "grange.server.decode:decode_json",
            "grange.server.decode:_located",
            "grange.core.accept:check_job",
        ),
        refuses=(Refusal, Rejected),
        seeds=(*as_json((JOB,)), b"{", b'{"nam": 1}', b'{"name": "a", "blocks": [{"x": 1}]}'),
        grows=(
            lambda size: b'{"name":"a","blocks":[' + b"{}," * (size // 3) + b"{}]}",
            lambda size: b'{"name":"a","blocks":[{"frames":"' + b"1," * (size // 2) + b'2"}]}',
        ),
        memory=2_000,
        work=40,
    ),
    Target(
        name="body: changes",
        parse=_edited(),
        reaches=("grange.server.decode:decode_changes", "grange.core.accept:edited"),
        refuses=(Refusal, Rejected),
        seeds=as_json(CHANGES),
        structured=st.dictionaries(
            st.sampled_from((*JobSpec.__struct_fields__, "", "nam")),
            st.recursive(
                st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
                lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
                max_leaves=5,
            ),
            max_size=4,
        ).map(msgspec.json.encode),
        grows=(lambda size: b'{"' + b"a" * size + b'":1}',),
    ),
    Target(
        name="headers at the guard",
        parse=guarded,
        reaches=(
            "grange.server.guard:Guard._check_host",
            "grange.server.guard:_origin",
            "grange.server.guard:bare_host",
            "grange.server.request:header",
            "grange.server.request:cookie",
        ),
        seeds=(
            b"localhost:7420\nhttp://localhost:7420\n10\ngrange_session=a.b",
            b"[::1]\nhttp://[::1]\n999999999999999999999999\na=b; c",
            b"127.0.0.1\nnull\n-1\n;;==;",
            b"farm\nhttp://[\n1\n\xff",
        ),
        found=("localhost\n\n²".encode("latin-1"),),
        grows=(
            lambda size: b"farm\n\n\n" + b'a="' + b"\\" * size,
            lambda size: b"farm\n\n\n" + b"a=b;" * (size // 4),
            lambda size: b"farm\nhttp://" + b"[" * size,
            lambda size: b"farm\n\n" + b"9" * size,
        ),
        memory=600,
        work=30,
    ),
    Target(
        name="token",
        parse=token,
        reaches=("grange.server.secret:parse", "grange.server.attempts:_network"),
        refuses=(Refusal,),
        seeds=(f"Bearer {TOKEN}".encode(), b"Bearer grange.a.b", b"Basic YTpi", b"bearer"),
    ),
    Target(
        name="session cookie",
        parse=session,
        reaches=("grange.server.sessions:Sessions.open", "grange.server.sessions:_bytes"),
        refuses=(Refusal,),
        seeds=(SEALED.encode(), f"{SEALED} bob".encode(), b"YQ.YQ", b".", b"a.b.c"),
    ),
    Target(
        name="login link",
        parse=link,
        reaches=("grange.server.sessions:Sessions.use_link",),
        refuses=(Refusal,),
        seeds=(KNOWN, b"abc", b"%00"),
    ),
    Target(
        name="range of a log",
        parse=log_range,
        reaches=("grange.doors.native.logs:read_range",),
        seeds=(b"bytes=0-", b"bytes=-5", b"bytes=5-2", b"bytes=0-0,5-6", b"bytes=-"),
    ),
    Target(
        name="path of a page",
        parse=page_path,
        reaches=("grange.server.page:Page.find",),
        seeds=(b"index.html", b"../__init__.py", b"..%2f..%2fetc/passwd", b"/etc/passwd\0.html"),
    ),
)
