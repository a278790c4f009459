"""What people type, what their files say, and what a client reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from grange.cli import amounts, drafts, enlist, fields, words
from grange.cli import targets as cli_targets
from grange.cli.scenes import UnknownScene, rendering
from grange.cli.session import Refused
from grange.client.errors import ApiError, BadReply, NoServer
from grange.client.places import find
from grange.client.requests import access, farm, jobs, tasks, users, workers
from grange.client.requests.message import Reply, Request
from grange.model.spec import JobSpec
from grange.model.views import ErrorBody, ErrorView
from grange.plugins import programs
from grange.plugins.runners import blender_arguments
from grange.server import config
from grange.worker import posix
from grange.worker.config import WorkerConfig, from_json, to_json
from grange.worker.doctor.farm import refusal_text
from grange.worker.errors import LinkInsecure
from grange.worker.link import tls_of
from tests.fuzz.place import FOLDER, kept
from tests.fuzz.target import Target, text
from tests.fuzz.targets.http import JOB, as_json
from tests.store.strategies import records

NOW = 1_700_000_000.0
SETTINGS = b'port = 7420\nlisten = "127.0.0.1"\nlease_s = 60\nallowed_hosts = ["farm"]\n'
CLIENT = b'server = "https://farm:7420"\ntoken = "t"\nfingerprint = "' + b"ab" * 32 + b'"\n'
ANNOUNCED = b'{"url":"http://127.0.0.1:7420","fingerprint":"","pid":1}'
MEMBER = b'{"server":"https://farm:7420","fingerprint":"","credential":"t"}'
READS: tuple[Request[Any], ...] = (
    *(access.whoami(), access.login_link(), access.join("c", "n"), farm.summary(), farm.health()),
    *(jobs.detail(1), jobs.check(JOB), jobs.submit(JOB), tasks.listed(1, 0), tasks.states(1, 0)),
    *(tasks.detail(1, 0, 0), tasks.story(1, 0, 0), tasks.why(1, 0, 0), tasks.run(1)),
    *(tasks.log(1, 0, 0, start=3), users.listed(), workers.listed()),
)


def amount(data: bytes) -> None:
    """An amount of memory, a length of time, and both as they are shown."""
    said = text(data)
    for read, show in ((amounts.megabytes, amounts.memory), (amounts.seconds, amounts.duration)):
        try:
            number = read(said)
        except amounts.BadAmount:
            continue
        assert number >= 0
        assert show(number)


def target(data: bytes) -> None:
    """What a command is about, and back to text."""
    found = cli_targets.target(text(data))
    assert cli_targets.target(str(found)) == found


def change(data: bytes) -> None:
    """NAME=VALUE, of every kind of thing."""
    said = text(data).split("\n")
    for kind in fields.EDITABLE:
        try:
            found = fields.changes(kind, said, NOW)
        except Refused:
            continue
        assert msgspec.json.encode(found)


def command(data: bytes) -> None:
    """Words in braces."""
    said = text(data).split(" ")
    assert len(words.command_patterns(said)) == len(said)
    assert words.names_only_one_frame(said) in (True, False)
    assert words.varies(said) in (True, False)
    for word in said:
        words.file_pattern(word)


def option(data: bytes) -> None:
    """NAME=VALUE and NAME=NUMBER, and what makes a job of them."""
    said = text(data).split("\n")
    draft = drafts.Draft(frames=said[0], environment=said[1:2], memory=said[-1], tickets=said[2:3])
    job = drafts.job_of_command(["render"], draft, drafts.Wishes(pools=said[3:4]))
    assert job.blocks


def job_file(data: bytes) -> None:
    """A job in a file."""
    job = drafts.job_of_file(str(kept("job.json", data)), drafts.Draft(), drafts.Wishes())
    assert msgspec.json.decode(msgspec.json.encode(job), type=JobSpec) == job


def scene(data: bytes) -> None:
    """The name of a scene, the service and the place of its pictures."""
    path, _, rest = text(data).partition("\n")
    service, _, output = rest.partition("\n")
    assert rendering(path, service, output).command


def settings(data: bytes) -> None:
    """The file of the settings."""
    kept("state/settings.toml", data)
    found = config.load({"state_dir": str(FOLDER / "state")})
    assert found.worker_lease_s >= 2 * found.heartbeat_s
    assert 0 < found.stop_max_s < float("inf")


def variables(data: bytes) -> None:
    """Settings in the environment: NAME=VALUE, a line each."""
    pairs = (line.partition("=") for line in text(data).replace("\0", "").split("\n"))
    said = {f"GRANGE_{name.upper()}": value for name, _, value in pairs if name != "state_dir"}
    (FOLDER / "empty").mkdir(parents=True, exist_ok=True)
    found = config.load({"state_dir": str(FOLDER / "empty")}, said)
    assert found.worker_lease_s >= 2 * found.heartbeat_s


def place(name: str) -> Callable[[bytes], None]:
    """Give what looks for a server by a file."""

    def look(data: bytes) -> None:
        folder = f"place-{name}"
        kept(f"{folder}/{name}", data)
        kept(f"{folder}/admin.token", b"grange.local-admin.secret\n")
        where = str(FOLDER / folder)
        found = find(environment={"GRANGE_HOME": where, "GRANGE_CONFIG_DIR": where})
        assert found.url.startswith("http")

    return look


def server(data: bytes) -> None:
    """The address of a server and its fingerprint, as people type them."""
    where, _, pin = text(data).partition(" ")
    none = {"GRANGE_HOME": str(FOLDER / "none"), "GRANGE_CONFIG_DIR": str(FOLDER / "none")}
    found = find(where, "t", pin, environment=none)
    assert find(found.url, "t", found.fingerprint, environment=none).url == found.url


def admin_token(data: bytes) -> None:
    """The token file beside a server's announcement."""
    kept("place-token/server.json", ANNOUNCED)
    kept("place-token/admin.token", data)
    where = str(FOLDER / "place-token")
    assert find(environment={"GRANGE_HOME": where, "GRANGE_CONFIG_DIR": where}).url


def membership(data: bytes) -> None:
    """What a machine keeps of having joined."""
    kept(f"worker/{enlist.MEMBERSHIP}", data)
    config_of = enlist.config_of_worker(
        code="", name="", nimby=None, server=None, state_dir=FOLDER
    )
    assert isinstance(config_of, WorkerConfig)


def worker_config(data: bytes) -> None:
    """What a worker's process is told by its standard input."""
    found = from_json(data)
    assert from_json(to_json(found)) == found


def refused(data: bytes) -> None:
    """The body of an answer that is no WebSocket."""
    assert isinstance(refusal_text(403, data), str)


def dialled(data: bytes) -> None:
    """The address that a worker dials."""
    assert tls_of(text(data), "") is None or data.strip().lower().startswith(b"wss")


def replies(data: bytes) -> None:
    """A server's answer, read as that to every request, and as a refusal."""
    for request in READS:
        for reply in (
            Reply(status=200, body=data, headers={"grange-run": text(data)[:9]}),
            Reply(status=206, body=data),
            Reply(status=400, body=data),
        ):
            with contextlib.suppress(BadReply, ApiError):
                request.result(reply)


def blender(data: bytes) -> None:
    """A command line of Blender's."""
    assert isinstance(blender_arguments.parse(text(data).split(" ")), list)


def shell(data: bytes) -> None:
    """The first word of a shell's line, and another in its place."""
    line = text(data)
    word = programs.leading_word(line)
    replaced = programs.replace_program(line, ["/opt/x"])
    assert not word or isinstance(replaced, str)


def identity(data: bytes) -> None:
    """Whom the warden runs tasks as, as its parent says."""
    found = posix.parse_identity(text(data))
    assert found is None or found.uid is not None


TARGETS = (
    Target(
        name="amounts",
        parse=amount,
        reaches=("grange.cli.amounts:megabytes", "grange.cli.amounts:seconds"),
        seeds=(b"8G", b"512 MiB", b"1.5t", b"1h30m", b"7d", b"90", b"1w2d3h4m5s"),
        grows=(lambda size: b"1" * size + b"x", lambda size: b"1." + b"9" * size),
    ),
    Target(
        name="what a command is about",
        parse=target,
        reaches=("grange.cli.targets:target", "grange.cli.targets:job_target"),
        refuses=(cli_targets.BadTarget,),
        seeds=(b"12", b"job:12/0", b"12/0/5-9,3x2", b"worker:node7", b"pool:/a/b", b"12/"),
        memory=400,
        work=40,
    ),
    Target(
        name="changes as they are typed",
        parse=change,
        reaches=("grange.cli.fields:changes", "grange.cli.fields:_fitted"),
        refuses=(),
        seeds=(
            b"priority=50",
            b"wait_until=+2h\nlife_time_s=7d",
            b"wait_until=2030-01-31T18:00",
            b"pools=/a=5,/b=-100\ntickets=nuke=2",
            b'environment={"A":"1"}',
            b'command=["a",1]\nneed_memory_mb=8G',
            b"tickets_host=nuke=3\ncreate_childs=yes",
        ),
        memory=400,
        work=30,
    ),
    Target(
        name="words in braces",
        parse=command,
        reaches=("grange.cli.words:command_patterns", "grange.cli.words:file_pattern"),
        refuses=(words.BadWord,),
        seeds=(b"render -f {frame:04} {{x}}", b"{frame:00000000000000000004}", b"{frames}"),
        grows=(lambda size: b"{{" * (size // 2), lambda size: b"{frame:0" + b"9" * size + b"}"),
        memory=400,
        work=40,
    ),
    Target(
        name="options of a submission",
        parse=option,
        reaches=("grange.cli.drafts:pairs", "grange.cli.drafts:numbers"),
        refuses=(Refused, amounts.BadAmount),
        seeds=(b"1-10\nA=1\nnuke=2\n/a=5\n8G", b"1\n=\n\n\n", b"1\nA=1\nn=" + b"9" * 4_400),
        memory=600,
        work=40,
    ),
    Target(
        name="job file",
        parse=job_file,
        reaches=("grange.cli.drafts:job_of_file",),
        refuses=(Refused,),
        seeds=(*as_json((JOB,)), b'{"name":1}'),
        structured=records(JobSpec).map(msgspec.json.encode),
    ),
    Target(
        name="scene",
        parse=scene,
        reaches=("grange.cli.scenes:rendering",),
        refuses=(UnknownScene,),
        seeds=(b"/a/b.blend", b"b.py\nmitsuba\n/o/a.@####@.png", b"x.usd"),
    ),
    Target(
        name="settings file",
        parse=settings,
        reaches=("grange.server.config:load", "grange.server.config:_read"),
        refuses=(config.BadSetting,),
        seeds=(SETTINGS, b"lease = 60", b"[a]\nb = 1", b"lease_s = 1e3\ntls = false"),
        found=(b"lease_s = nan\n", b"stop_max_s = inf\n", b"a = " + b"[" * 5_000),
        grows=(lambda size: b"a" * size + b" = 1",),
        memory=400,
        work=40,
    ),
    Target(
        name="settings in the environment",
        parse=variables,
        reaches=("grange.server.config:_plain",),
        refuses=(config.BadSetting,),
        seeds=(b"port=80\nallowed_hosts=a, b,", b"lease_s=1.5\ntls=yes", b"port=" + b"9" * 5_000),
        memory=200,
        work=8,
    ),
    Target(
        name="server.json",
        parse=place("server.json"),
        reaches=("grange.client.places:_local", "grange.client.places:_url"),
        refuses=(NoServer,),
        seeds=(ANNOUNCED, b'{"url":"https://[::1]:7420"}'),
        found=(b'{"url":"http://["}', b'{"url":"\xff"}', b'{"url":' + b"[" * 50_000),
        memory=200,
    ),
    Target(
        name="client.toml",
        parse=place("client.toml"),
        reaches=("grange.client.places:_configured", "grange.client.places:_pin"),
        refuses=(NoServer,),
        seeds=(CLIENT, b'server = "farm"\n'),
        found=(b'server = "http://["', b"a = " + b"[" * 5_000),
        memory=400,
        work=40,
    ),
    Target(
        name="address of a server",
        parse=server,
        reaches=("grange.client.places:_url", "grange.client.places:_checked"),
        refuses=(NoServer,),
        seeds=(
            b"https://farm:7420",
            b"127.0.0.1",
            b"farm " + b"AB:" * 31 + b"AB",
            b"http://[::1]",
        ),
        found=(b"http://[", "http://℀".encode(), b"http://a:99999999999"),
        memory=200,
        work=8,
    ),
    Target(
        name="token file",
        parse=admin_token,
        reaches=("grange.client.places:_secret",),
        refuses=(NoServer,),
        seeds=(b"grange.local-admin.secret\n", b"\xff", b""),
        memory=200,
    ),
    Target(
        name="membership of a worker",
        parse=membership,
        reaches=("grange.cli.enlist:_kept",),
        refuses=(Refused,),
        seeds=(MEMBER,),
        found=(b'{"server":"\xff"}', b'{"server":' + b"[" * 50_000),
        memory=200,
    ),
    Target(
        name="configuration of a worker",
        parse=worker_config,
        reaches=("grange.worker.config:from_json",),
        refuses=(msgspec.MsgspecError, UnicodeDecodeError, RecursionError),
        seeds=(to_json(WorkerConfig(server="ws://127.0.0.1:1", state_folder=Path("/tmp/w"))),),
    ),
    Target(
        name="address that a worker dials",
        parse=dialled,
        reaches=("grange.worker.link:tls_of",),
        refuses=(LinkInsecure,),
        seeds=(b"ws://127.0.0.1:7420", b"wss://farm:7420", b"ws://farm", b"http://a"),
        found=(b"ws://[",),
    ),
    Target(
        name="refusal that the doctor hears",
        parse=refused,
        reaches=("grange.worker.doctor.farm:refusal_text",),
        seeds=(b'{"error":{"code":"forbidden","message":"no"}}', b"<html>"),
        found=(b"\xff", b"[" * 50_000, b'{"error":{"code":"x","message":"\xff"}}'),
        memory=200,
    ),
    Target(
        name="answers of a server",
        parse=replies,
        reaches=(
            "grange.client.requests.message:Request.result",
            "grange.client.requests.message:error_body",
            "grange.client.requests.tasks:_read_states",
        ),
        seeds=(
            b'{"jobs":[]}',
            b'{"job_id":1,"again":false}',
            b"<html>502</html>",
            msgspec.json.encode(ErrorView(error=ErrorBody(code="a", message="b"))),
            b"\0\1\2\3",
        ),
        found=(b'{"url":"\xff"}', b'{"tasks":' + b"[" * 50_000, b'{"error":"\xff"}'),
        structured=st.one_of(records(ErrorView), records(access.Joined)).map(msgspec.json.encode),
        memory=1_000,
        work=100,
    ),
    Target(
        name="Blender's arguments",
        parse=blender,
        reaches=("grange.plugins.runners.blender_arguments:parse",),
        refuses=(blender_arguments.BadUsage,),
        seeds=(b"-b -s 1 -e 10 -j 2 -a", b"-f 1,3,5..8,+1", b"-t 8 -x 1 --python-exit-code 3"),
        found=(b"-j " + b"9" * 5_000, b"-t " + b"9" * 5_000),
        memory=300,
        work=20,
    ),
    Target(
        name="first word of a shell's line",
        parse=shell,
        reaches=(
            "grange.plugins.programs:leading_word",
            "grange.plugins.programs:replace_program",
        ),
        seeds=(b"blender -b x", b"  'a b' c", b"\n"),
    ),
    Target(
        name="identity for the warden",
        parse=identity,
        reaches=("grange.worker.posix:parse_identity",),
        refuses=(ValueError,),
        seeds=(b"1000:1000:4,5", b"", b"0:0:"),
        memory=200,
    ),
)
