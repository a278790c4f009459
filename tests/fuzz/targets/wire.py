"""The worker link, join codes, addresses, the watch, and the warden's channel."""

from __future__ import annotations

import base64
import binascii
import socket
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from grange.client.errors import ApiError, BadReply
from grange.client.watching import Watching
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Meter, Progress, Resources, RunResult, RunSpec, Traits
from grange.model.states import RunStatus
from grange.model.unreadable import UNREADABLE
from grange.model.views import FarmView
from grange.server.feed import read_watch
from grange.wire import address, codec, join, watch, worker
from grange.wire.codec import WireError
from grange.worker import channel
from tests.fuzz.target import Target, same, text
from tests.jpegs import a_jpeg
from tests.store.strategies import records

RUN = RunId(7)
RESULT = RunResult(
    status=RunStatus.DONE, exit_code=0, files=("/a.png",), meter=Meter(cpu_s=1.5), log_bytes=9
)
TO_SERVER: tuple[worker.ToServer, ...] = (
    worker.Hello(
        version=1,
        name="node7",
        boot_id="b",
        traits=Traits(os="linux", services=("generic",), addresses=("10.0.0.7",)),
        runs=(RUN,),
        nimby="owner",
    ),
    worker.Beat(
        number=3,
        progress=(Progress(run_id=RUN, percent=50, activity="tile 3"),),
        resources=Resources(mem_total_mb=8_000, logged_in_users=("ann",)),
    ),
    worker.Ended(run_id=RUN, result=RESULT),
    worker.FramesDone(run_id=RUN, count=2),
    worker.Log(run_id=RUN, offset=3, data=b"frame 1\n"),
    worker.Picture(run_id=RUN, name="a.exr", data=a_jpeg()),
    worker.Bye(),
)
SPEC = RunSpec(
    run_id=RUN,
    job_id=JobId(1),
    block=0,
    task=3,
    job_name="shot",
    block_name="render",
    task_name="frame 3",
    user="ann",
    service="generic",
    command=("render", "@#@"),
    environment={"A": "1"},
)
TO_WORKER: tuple[worker.ToWorker, ...] = (
    worker.Welcome(
        version=1,
        worker_id=WorkerId(4),
        lease_s=48.0,
        heartbeat_s=2.0,
        resources_s=10.0,
        log_offsets={7: 12},
    ),
    worker.Refused(code="pending", message="wait", retry_s=5.0),
    worker.BeatAck(number=3, lease_s=48.0),
    worker.Start(run=SPEC),
    worker.Stop(run_id=RUN, reason="deleted"),
    worker.EndedAck(run_ids=(RUN,)),
    worker.LogAck(run_id=RUN, offset=12),
    worker.Instruct(what="exit"),
    worker.BeatAck(number=4, lease_s=24.0, heartbeat_s=5.0, resources_s=60.0),
    worker.Launch(command=("update", "--all"), exit=True),
)
BYE = codec.encode(worker.Bye())
FINGERPRINT = "ab" * 32
CODES = (
    join.JoinCode(host="farm.studio", port=7420, fingerprint=FINGERPRINT, secret=b"s" * 16),
    join.JoinCode(host="::1", port=0, secret=b"\0" * 16),
)
WATCHES = (watch.Watch(), watch.Watch(jobs=False, tasks_of=(1, 2), logs_of=(7,), after=40))
PATCH = watch.Patch(number=3, jobs_gone=(1,), logs=(watch.LogText(run_id=7, offset=0, text="a"),))
ORDERS: list[Any] = [
    channel.Spawn(1, (b"true", b"\xff"), b"/", {b"A": b"1"}),
    channel.Kill(1, hard=True),
    channel.Hold(12.5),
    channel.Measure(),
]
REPORTS: list[Any] = [
    channel.Started(1, 4_711),
    channel.NotStarted(2, "it does not exist"),
    channel.Gone(1, 0, None, 1.5, 1.0, 20, 0, 0, False, (), False),
    channel.Measured((channel.Usage(1, 1.5, 20, (4_711,)),)),
]


def any_of(kinds: tuple[Any, ...]) -> st.SearchStrategy[bytes]:
    """Messages of any content, as bytes."""
    return st.one_of([records(kind) for kind in kinds]).map(msgspec.msgpack.encode)


def from_worker(data: bytes) -> None:
    """A worker's message, and back to bytes."""
    message = codec.decode_to_server(data)
    same(codec.decode_to_server(codec.encode(message)), message)


def frame_from_worker(data: bytes) -> None:
    """A worker's frame of several messages, and back to bytes."""
    messages = codec.unpack_to_server(data)
    if 0 < len(messages) <= codec.PACK_MAX:
        same(codec.unpack_to_server(codec.pack(list(map(codec.encode, messages)))), messages)


def from_server(data: bytes) -> None:
    """A server's message, and back to bytes."""
    message = codec.decode_to_worker(data)
    same(codec.decode_to_worker(codec.encode(message)), message)


def frame_from_server(data: bytes) -> None:
    """A server's frame of several messages, and back to bytes."""
    messages = codec.unpack_to_worker(data)
    if 0 < len(messages) <= codec.PACK_MAX:
        same(codec.unpack_to_worker(codec.pack(list(map(codec.encode, messages)))), messages)


def join_code(data: bytes) -> None:
    """A join code, and back to text."""
    code = join.decode(text(data))
    assert len(code.host.encode()) <= join.HOST_MAX
    assert code.url
    assert join.decode(join.encode(code)) == code


def checked(body: bytes) -> bytes:
    """A join code of any content, whose check is right."""
    whole = body + binascii.crc32(body).to_bytes(4, "big")
    return join.PREFIX.encode() + base64.b32encode(whole).rstrip(b"=").lower()


def host(data: bytes) -> None:
    """Whether an address is this machine's, and its URL."""
    name = text(data)
    assert address.is_loopback(name) in (True, False)
    assert address.url(name, 7_420, encrypted=True).startswith("https://")


def watching(data: bytes) -> None:
    """What somebody wants to watch."""
    want = read_watch(data)
    same(read_watch(msgspec.json.encode(want)), want)


def watched(data: bytes) -> None:
    """A message of the feed, as a client reads it."""
    message = Watching(watch.Watch()).received(data)
    same(Watching(watch.Watch()).received(msgspec.json.encode(message)), message)


def received(decoder: Callable[[], msgspec.msgpack.Decoder[list[Any]]]) -> Callable[[bytes], None]:
    """Give what reads frames from a socket until its other end is gone."""

    def read(data: bytes) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            theirs.setblocking(False)
            theirs.send(data[:100_000])
            found: channel.Channel[Any, Any] = channel.Channel(ours, decoder())
            for item in found.receive():
                assert isinstance(item, msgspec.Struct)

    return read


def framed(items: list[Any]) -> bytes:
    """A frame of the warden's channel."""
    body = msgspec.msgpack.encode(items)
    return len(body).to_bytes(4, "big") + body


TARGETS = (
    Target(
        name="worker to server",
        parse=from_worker,
        reaches=("grange.wire.codec:decode_to_server", "grange.wire.codec:_decode"),
        refuses=(WireError,),
        seeds=tuple(map(codec.encode, TO_SERVER)),
        structured=any_of(tuple(map(type, TO_SERVER))),
        grows=(
            lambda size: b"\x83\xa4type\xa4beat\xa1x" + b"\x91" * size,
            lambda size: b"\x83\xa4type\xa4beat\xa1x\xdd" + size.to_bytes(4, "big") + b"\1" * size,
        ),
    ),
    Target(
        name="server to worker",
        parse=from_server,
        reaches=("grange.wire.codec:decode_to_worker", "grange.wire.codec:_decode"),
        refuses=(WireError,),
        seeds=tuple(map(codec.encode, TO_WORKER)),
        structured=any_of(tuple(map(type, TO_WORKER))),
    ),
    Target(
        name="worker to server, packed",
        parse=frame_from_worker,
        reaches=("grange.wire.codec:unpack_to_server", "grange.wire.codec:_is_array"),
        refuses=(WireError,),
        seeds=(codec.pack(list(map(codec.encode, TO_SERVER[1:]))), codec.encode(TO_SERVER[0])),
        grows=(lambda size: b"\xdd" + (size // 6).to_bytes(4, "big") + BYE * (size // 6),),
        memory=200,
        work=8,
    ),
    Target(
        name="server to worker, packed",
        parse=frame_from_server,
        reaches=("grange.wire.codec:unpack_to_worker", "grange.wire.codec:_is_array"),
        refuses=(WireError,),
        seeds=(codec.pack(list(map(codec.encode, TO_WORKER[2:]))), codec.encode(TO_WORKER[0])),
    ),
    Target(
        name="join code",
        parse=join_code,
        reaches=("grange.wire.join:decode", "grange.wire.join:_body"),
        refuses=(join.BadJoinCode,),
        seeds=tuple(join.encode(code).encode() for code in CODES),
        structured=st.binary(max_size=120).map(checked),
    ),
    Target(
        name="address",
        parse=host,
        reaches=("grange.wire.address:is_loopback", "grange.wire.address:url"),
        seeds=(b"localhost", b"[::1]", b"127.0.0.1.", b"::ffff:127.0.0.1%eth0"),
    ),
    Target(
        name="watch, at the server",
        parse=watching,
        reaches=("grange.server.feed:read_watch",),
        refuses=UNREADABLE,
        seeds=tuple(map(msgspec.json.encode, WATCHES)),
        structured=records(watch.Watch).map(msgspec.json.encode),
        grows=(lambda size: b'{"tasks_of":[' + b"1," * (size // 2) + b"1]}",),
    ),
    Target(
        name="watch, at the client",
        parse=watched,
        reaches=("grange.client.watching:Watching.received",),
        refuses=(BadReply, ApiError),
        seeds=(
            msgspec.json.encode(PATCH),
            msgspec.json.encode(watch.WatchError(code="bad-watch", message="no")),
        ),
        structured=st.builds(
            lambda farm: msgspec.json.encode(watch.Snapshot(number=1, farm=farm)),
            records(FarmView),
        ),
    ),
    Target(
        name="orders to the warden",
        parse=received(channel.orders_decoder),
        reaches=("grange.worker.channel:Channel.receive", "grange.worker.channel:Channel._fill"),
        refuses=(channel.ChannelClosed,),
        seeds=(framed(ORDERS), framed(ORDERS[1:]) * 2),
    ),
    Target(
        name="reports of the warden",
        parse=received(channel.reports_decoder),
        reaches=("grange.worker.channel:Channel.receive", "grange.worker.channel:Channel._fill"),
        refuses=(channel.ChannelClosed,),
        seeds=(framed(REPORTS), framed(REPORTS[:1])),
    ),
)
