"""What lies on disks and in /proc: rows, results, logs, notes, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from grange.core.check import faults
from grange.core.commands import EndRun
from grange.core.farm import Farm
from grange.core.records import ChunkRecord, Snapshot
from grange.core.tasks import PACKED
from grange.model.run import RunResult
from grange.model.states import RunStatus, TaskState
from grange.plugins.pictures import FORMATS, Broken, size_of
from grange.server.state_dir import StateDir
from grange.store import rows
from grange.store.bodies import encode
from grange.store.pictures import OF_JOB_MAX, SIDE_MAX, Album, PictureRefused, check
from grange.store.rows import Kind
from grange.store.store import UnreadableRecord
from grange.worker import beside, limits, procfs
from grange.worker.environment import WORKER_MARK
from grange.worker.home import Home
from grange.worker.outbox import Outbox
from grange.worker.runlog import read_log
from tests.build import block, job, join, named, started, submit
from tests.fuzz.place import FOLDER, kept
from tests.fuzz.target import Target, same
from tests.jpegs import SOI, a_jpeg
from tests.store import make
from tests.store.strategies import records

EXAMPLES: dict[type, Any] = {
    type(item): item for item in (*make.one_of_each(), make.ended(make.run(5)), make.credential())
}
RESULT = RunResult(status=RunStatus.DONE, exit_code=0, files=("/a",), log_bytes=9)
PNG = b"".join(
    (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\2\0\0\0\1\x08\2\0\0\0\0\0\0\0",
        b"\0\0\0\0IEND\xaeB`\x82",
    )
)
#: A user with a field that this release does not know, and a whole number for a time.
WHOLE = b"\x83\xa4user\xa3ann\xa4spec\x81\xa1x\x07\xa7created\xcfA\xd9T\xfc@\x10\0\0"
STAT = (
    b"4711 (a) b (c)) S 1 4711 4711 0 -1 4194560 100 0 0 0 12 3 4 5 20 0 1 0 98765 10000000 500"
    b" 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n"
)


def body(kind: Kind[Any]) -> Callable[[bytes], None]:
    """Give what reads rows of a table, whose bodies are these bytes."""
    place = list(kind.table.columns.keys()).index("body")

    def read(data: bytes) -> None:
        row = list(kind.to_row(EXAMPLES[kind.record]))
        row[place] = data
        record = kind.from_row(tuple(row))
        again = kind.to_row(record)
        key = len(kind.table.primary_key)
        assert again[:key] == tuple(row[:key])
        assert encode(kind.from_row(again)) == encode(record)

    return read


def chunk(data: bytes) -> None:
    """A row of tasks' states."""
    row = list(rows.KINDS[ChunkRecord].to_row(EXAMPLES[ChunkRecord]))
    row[4] = data
    record = rows.KINDS[ChunkRecord].from_row(tuple(row))
    assert len(record.columns) % PACKED == 0
    count = len(record.columns) // PACKED
    assert all(state < len(TaskState) for state in record.columns[:count])


def _stored() -> tuple[bytes, ...]:
    """The records of a small farm with work done, under way and waiting."""
    farm = Farm()
    join(farm)
    submit(farm, job(block("1-300"), named("a", "b", depend_mask="block")))
    for worker_id, run in started(farm):
        farm.apply(EndRun(worker_id=worker_id, run_id=run.run_id, result=RESULT), 2)
    started(farm, 3)
    return tuple(msgspec.msgpack.encode((type(r).__name__, r)) for r in farm.take_dirty().put)


STORED = _stored()
BY_NAME = {kind.__name__: kind for kind in rows.KINDS}


def farm(data: bytes) -> None:
    """A farm one record of which is these bytes: it is restored and whole, or it is not."""
    name, _ = msgspec.msgpack.decode(data, type=tuple[str, msgspec.Raw])
    own = BY_NAME[name]
    found: list[Any] = []
    for item in STORED:
        kind, raw = msgspec.msgpack.decode(item, type=tuple[str, msgspec.Raw])
        if BY_NAME[kind] is own:
            raw = msgspec.msgpack.decode(data, type=tuple[str, msgspec.Raw])[1]
        found.append(msgspec.msgpack.decode(raw, type=BY_NAME[kind]))
    restored = Farm.restore(
        Snapshot(last_ids={"job": 9, "run": 99, "worker": 9}, records=found), 9
    )
    assert isinstance(list(faults(restored.state)), list)


def outbox(data: bytes) -> None:
    """A result that a former life of a worker has left."""
    folder = FOLDER / "outbox"
    for path in folder.glob("*"):
        path.unlink()
    kept("outbox/7", data)
    results = Outbox(folder).load()
    assert set(results) <= {7}
    assert (folder / "7").exists() == bool(results)
    for result in results.values():
        same(msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=RunResult), result)
        assert result.log_bytes >= 0


def mark(data: bytes) -> None:
    """The mark of a worker's state folder: what every process of its has in its environment."""
    kept("home/mark", data)
    with Home(FOLDER / "home") as home:
        found = home.mark
    assert found.isalnum()
    assert found.isascii()
    with Home(FOLDER / "home") as again:
        assert again.mark == found


def picture(data: bytes) -> None:
    """A file that may be a picture: its size is told, or why it is none."""
    found = size_of(str(kept("picture", data)))
    assert found is None or found.width > 0 < found.height


def shown(data: bytes) -> None:
    """A thumbnail that a worker sends: what is kept of it is one, too, and has its name."""
    album = Album(FOLDER / "album")
    number = album.keep(1, 7, "\udce9 a.exr", data)
    kept_ = album.read(1, 7, number)
    check(kept_[:2] + kept_[2 + 4 + len("? a.exr") :])
    assert {item.name for item in album.of_run(1, 7)} == {"? a.exr"}


def album(data: bytes) -> None:
    """Files of an album that are not as we have left them."""
    for name in ("7.1.jpg", "newest"):
        kept(f"found/logs/0/1/{name}", data)
    found = Album(FOLDER / "found")
    (picture_,) = found.of_run(1, 7)
    assert picture_.size_bytes == len(data)
    assert len(found.of_job(1)) <= OF_JOB_MAX


def log(data: bytes) -> None:
    """A log that is shorter than it was."""
    path = str(kept("log", data))
    assert read_log(path, 2, 50) == data[2:52].ljust(50)


def note(data: bytes) -> None:
    """Which process the worker beside a server is."""
    kept(f"beside/{beside.NOTE}", data)
    assert beside.find(FOLDER / "beside") is None


def token(data: bytes) -> None:
    """The token file of a state folder."""
    folder = FOLDER / "state-dir"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = StateDir.prepare(folder)
    kept("state-dir/admin.token", data)
    assert isinstance(found.admin_secret(), str)


def stat(data: bytes) -> None:
    """A line of /proc/PID/stat."""
    found = procfs.parse_stat(4_711, data)
    assert found is None or (found.pid == 4_711 and len(found.state) >= 0)


def group(data: bytes) -> None:
    """The limits of a control group."""
    root = FOLDER / "cgroup"
    own = kept("own", b"0::/a/b\n" + data)
    for name in ("cpu.max", "memory.max", "memory.current"):
        kept(f"cgroup/a/{name}", data)
    cores = limits.cpu_cores(own, root)
    memory = limits.memory_bytes(own, root)
    assert cores is None or cores > 0
    assert memory is None or memory >= 0
    assert limits.memory_free_bytes(own, root) in (None, 0)


def environment(data: bytes) -> None:
    """The environment of a process."""
    found = procfs.parse_environment(data, WORKER_MARK)
    assert found is None or isinstance(found, str)


TARGETS = (
    *(
        Target(
            name=f"row: {kind.table.name}",
            parse=body(kind),
            reaches=("grange.store.bodies:Reader.read",),
            refuses=(UnreadableRecord,),
            seeds=(encode(EXAMPLES[kind.record]),),
            found=(b"\x81\xa1a\xa2\xff\xff", b"\x81\xa1x" + b"\x91" * 50_000, WHOLE),
            structured=records(kind.record).map(encode),
            memory=200,
        )
        for kind in (*rows.KINDS.values(), rows.CREDENTIAL)
        if kind.record is not ChunkRecord
    ),
    Target(
        name="row: chunks",
        parse=chunk,
        reaches=("grange.store.rows:_chunk_of",),
        refuses=(UnreadableRecord,),
        seeds=(make.chunk().columns, bytes(PACKED * 256)),
        found=(bytes(PACKED * 256 + 1), b"\xff" * PACKED, bytes(PACKED * 257)),
    ),
    Target(
        name="stored farm",
        parse=farm,
        reaches=("grange.core.persist:restore", "grange.core.tasks:TaskTable.unpack"),
        refuses=(
            msgspec.MsgspecError,
            UnicodeDecodeError,
            RecursionError,
            LookupError,
            ValueError,
        ),
        seeds=STORED,
        memory=20_000,
        work=1e9,
    ),
    Target(
        name="result in the outbox",
        parse=outbox,
        reaches=("grange.worker.outbox:Outbox.load",),
        seeds=(msgspec.msgpack.encode(RESULT),),
        found=(b"\x81\xa6status\xa2\xff\xff", b"\x81\xa1x" + b"\x91" * 50_000),
        structured=records(RunResult).map(msgspec.msgpack.encode),
        memory=200,
    ),
    Target(
        name="mark of a worker",
        parse=mark,
        reaches=("grange.worker.home:Home._read_mark",),
        seeds=(b"0123456789abcdef" * 2, b""),
        found=(b"\xff", b"a\0b", b"a\nb"),
        memory=200,
    ),
    Target(
        name="picture",
        parse=picture,
        reaches=("grange.plugins.pictures:size_of",),
        refuses=(Broken,),
        seeds=(PNG, *(magic + bytes(200) for magic in FORMATS), b""),
        memory=200,
        work=20,
    ),
    Target(
        name="thumbnail of a worker",
        parse=shown,
        reaches=("grange.store.pictures:check", "grange.plugins.pictures.jpeg:size_of"),
        refuses=(PictureRefused,),
        seeds=(a_jpeg(), a_jpeg(filler=99), a_jpeg(SIDE_MAX, SIDE_MAX), a_jpeg()[:-2]),
        memory=200,
        work=20,
    ),
    Target(
        name="album on disk",
        parse=album,
        reaches=("grange.store.pictures:_name_in", "grange.store.pictures:_newest"),
        seeds=(b"7 1\n12 8\n", SOI + b"\xff\xfe\0\x07a.exr" + a_jpeg()[2:], b""),
        found=(b"7 1\n" * 99, SOI + b"\xff\xfe"),
        memory=200,
        work=40,
    ),
    Target(
        name="log of a run",
        parse=log,
        reaches=("grange.worker.runlog:read_log",),
        seeds=(b"frame 1\n" * 9, b""),
    ),
    Target(
        name="process of a worker",
        parse=note,
        reaches=("grange.worker.beside:find",),
        seeds=(b'{"pid":1,"started":0.5}', b'{"pid":99999999,"started":0}'),
        found=(
            b'{"pid":-1,"started":0}',
            b'{"pid":9223372036854775807,"started":0}',
            b'{"p":"\xff',
        ),
    ),
    Target(
        name="token of a state folder",
        parse=token,
        reaches=("grange.server.state_dir:StateDir.admin_secret",),
        seeds=(b"grange.local-admin.secret\n",),
        memory=200,
    ),
    Target(
        name="/proc: stat",
        parse=stat,
        reaches=("grange.worker.procfs:parse_stat",),
        seeds=(STAT,),
        found=(b"", STAT[:40], b"4711 (a) S x"),
    ),
    Target(
        name="/proc: environ",
        parse=environment,
        reaches=("grange.worker.procfs:parse_environment",),
        seeds=(b"A=1\0GRANGE_WORKER=ab\0", b"GRANGE_WORKER=\xff"),
        memory=200,
    ),
    Target(
        name="limits of a container",
        parse=group,
        reaches=("grange.worker.limits:groups", "grange.worker.limits:cpu_cores"),
        seeds=(b"150000 100000\n", b"max 100000\n", b"1000\n", b"0::/../../etc\n"),
        found=(b"\xff", b"1 0", b"a b", b"-1 5"),
        memory=400,
        work=40,
    ),
)
