"""No parser of foreign bytes is left out: every call that reads some is fuzzed, or excused."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Final

import grange
from tests.fuzz.bounds import entered
from tests.fuzz.table import ALL

SOURCE: Final = Path(grange.__file__).parent

#: Calls that turn bytes or text into something else, by the end of their name.
READING: Final = frozenset(
    {
        *("decode", "convert", "loads", "load_pem_x509_certificates", "b32decode"),
        *("urlsafe_b64decode", "b64decode", "fromhex", "from_bytes", "unpack", "unpack_from"),
        *("urlsplit", "ip_address", "fromisoformat", "make_url", "strptime"),
        *("fullmatch", "match", "search", "finditer", "findall"),
    }
)

OURS = "reads what we have written ourselves a moment before"
REPLACED = "shows text: bytes that are none are replaced, and that is all"
HTTP = "reached over HTTP, by the tests of the API's description and of raw requests"
OWNER = "reads what the owner of the process says, who may do anything to it"
NAMES = "matches names against a mask that was read before"

#: Functions that no target reaches, by the beginning of their name, and why they need none.
EXCUSED: Final = {
    "grange.app:main": OWNER,
    "grange.cli.documents:document": OURS,
    "grange.cli.doors:": OURS,
    "grange.cli.enlist:_join": "a join code, which has a target, and then a request",
    "grange.cli.reports:": OURS,
    "grange.cli.service.": OWNER,
    "grange.client.async_handles:": REPLACED,
    "grange.client.handles:": REPLACED,
    "grange.client.requests.tasks:LogPart.text": REPLACED,
    "grange.client.watching:Watching.opening": OURS,
    "grange.core.deps:": NAMES,
    "grange.core.supply:": NAMES,
    "grange.core.tasks:": OURS,
    "grange.doors.afanasy.gets.lines:": OURS,
    "grange.doors.afanasy.gets.site:_read_configs": OWNER,
    "grange.doors.afanasy.gets.tasks:_read": REPLACED,
    "grange.doors.afanasy.gets.watching:_listen": REPLACED,
    "grange.doors.afanasy.renders.renders:Renders.answer": "a binary message, which has a target",
    "grange.doors.native.logs:_log": HTTP,
    "grange.doors.pyfarm.live:Frames._tell_log": REPLACED,
    "grange.doors.pyfarm.live:_plain": OURS,
    "grange.doors.native.people:join": HTTP,
    "grange.doors.native.refusals:": HTTP,
    "grange.doors.native.sockets:AsgiSocket.send": OURS,
    "grange.client.requests.message:reads": "gives what reads, and that has a target",
    "grange.plugins.companion": "reads what a process of ours says at the other end of a pipe",
    "grange.plugins.line_parser:": "is part of the parsers below",
    "grange.plugins.parsers.": "every parser that ships is fuzzed by its name: `outputs.OTHERS`",
    "grange.plugins.pictures.": "every format is fuzzed from its beginning on: `disk.picture`",
    "grange.plugins.service_main:": "what a studio's own service gives: it fails its run alone",
    "grange.plugins.services.": "a service that breaks on a job's words fails that run alone",
    "grange.plugins.loading:": "a name out of a job, which has a pattern of its own",
    "grange.plugins.programs:version": REPLACED,
    "grange.plugins.runners.": "a program of its own, whose arguments are a job's: it fails alone",
    "grange.server.credentials:": HTTP,
    "grange.server.engine:_audited": OURS,
    "grange.server.feed:Feed.log_grew": REPLACED,
    "grange.server.sessions:_text": OURS,
    "grange.server.certificate:": OWNER,
    "grange.server.state_dir:": OWNER,
    "grange.server.views:Views.audit": OURS,
    "grange.store.lock:": REPLACED,
    "grange.store.rows:audit_row": OURS,
    "grange.store.sql:_open_backend": OWNER,
    "grange.worker.doctor.apart:": "reads what a process of ours says at the other end of a pipe",
    "grange.worker.doctor.farm:_server": OWNER,
    "grange.worker.doctor.probes:main": OURS,
    "grange.plugins.resources.iostat:Iostat._is": OWNER,
    "grange.plugins.resources.nvidia_smi:_text": REPLACED,
    "grange.worker.people:ask_logind": REPLACED,
    "grange.worker.performer:": REPLACED,
    "grange.worker.posix:spawn_forked": REPLACED,
    "grange.worker.texts:clean": REPLACED,
}


def functions(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Functions and methods of a module, by qualified name."""
    module = ".".join(("grange", *path.relative_to(SOURCE).with_suffix("").parts))
    module = module.removesuffix(".__init__")

    def below(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
        for item in ast.iter_child_nodes(node):
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module}:{prefix}{item.name}", item
            elif isinstance(item, ast.ClassDef):
                yield from below(item, f"{prefix}{item.name}.")

    yield from below(ast.parse(path.read_text(encoding="utf-8")), "")


def first_line(function: ast.AST) -> int:
    """Where the code of a function begins: at its first decorator."""
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return min([function.lineno, *(item.lineno for item in function.decorator_list)])


def reads(function: ast.AST) -> bool:
    """Whether a function calls something that reads."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in READING:
                return True
    return False


def reached() -> set[tuple[str, int]]:
    """The functions that the examples of all targets enter, by file and line."""
    met: set[CodeType] = set()
    for target in ALL:
        for data in (*target.seeds, *target.found):
            met |= entered(functools.partial(target.try_one, data))
    return {(code.co_filename, code.co_firstlineno) for code in met}


def test_every_function_that_reads_is_fuzzed_or_excused() -> None:
    met = reached()
    missing = [
        name
        for path in sorted(SOURCE.rglob("*.py"))
        for name, function in functions(path)
        if reads(function)
        and (str(path), first_line(function)) not in met
        and not name.startswith(tuple(EXCUSED))
    ]
    assert missing == []


def test_every_excuse_is_needed() -> None:
    known = [
        name for path in SOURCE.rglob("*.py") for name, item in functions(path) if reads(item)
    ]
    assert [excuse for excuse in EXCUSED if not any(n.startswith(excuse) for n in known)] == []
