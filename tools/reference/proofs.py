"""Which test proves what: items of a foreign specification, and the marks on our tests.

An item is a name such as `render.states.nimby`; a test that proves it says so:

    @pytest.mark.proves("render.states.nimby")

or one of its parameters does, by `pytest.param(..., marks=pytest.mark.proves(...))`. The tests
are read as text, not run: what is written here takes a moment, and needs nothing.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from tools.reference.source import ROOT

TESTS: Final = ROOT / "tests"
MARK: Final = "proves"
NOT_RUN: Final = frozenset({"skip", "skipif", "xfail"})


class Proof(NamedTuple):
    """A test that proves something."""

    path: str  #: of its file, below the root
    name: str  #: of its function


class Untrue(Exception):
    """Items and marks do not fit each other. The text says which."""


def items(file: Path) -> dict[str, str]:
    """Read items: name -> what it is, in the order of the file.

    Args:
        file: TOML, whose tables are the parts of the names.
    """
    return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield prefix + key, value
        else:
            yield from _flat(value, f"{prefix}{key}.")


def proven(wanted: Mapping[str, str], marks: Mapping[str, list[Proof]]) -> dict[str, list[Proof]]:
    """Give the proofs of each item.

    Args:
        wanted: the items.
        marks: those of all tests; others than of these items do not matter here.

    Raises:
        Untrue: an item has no test, or a mark of its kind names no item.
    """
    kinds = {name.partition(".")[0] for name in wanted}
    faults = [f"no test proves {name}" for name in wanted if name not in marks]
    faults += [
        f"{proof.path}::{proof.name} proves {name}, which is nothing"
        for name, found in marks.items()
        if name.partition(".")[0] in kinds and name not in wanted
        for proof in found
    ]
    if faults:
        raise Untrue("\n".join(faults))
    return {name: marks[name] for name in wanted}


@lru_cache(maxsize=1)
def marks(folder: Path = TESTS) -> dict[str, list[Proof]]:
    """Read the marks of all tests: item -> the tests that prove it.

    Raises:
        Untrue: a mark cannot be read, or stands on what is not run as a test.
    """
    found: dict[str, list[Proof]] = {}
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if f"mark.{MARK}" not in text:
            continue
        for proof, item in _in_file(ast.parse(text), path.relative_to(folder.parent).as_posix()):
            found.setdefault(item, []).append(proof)
    return found


def _in_file(tree: ast.Module, path: str) -> Iterator[tuple[Proof, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        told = [mark for item in node.decorator_list for mark in _marks(item)]
        for name, call in told:
            if name == MARK:
                place = f"{path}:{node.lineno}: "
                if not _is_test(node.name, path) or NOT_RUN & {name for name, _ in told}:
                    raise Untrue(f"{place}a mark on what is no test that is always run")
                yield from ((Proof(path, node.name), item) for item in _words(call, place))


def _marks(decorator: ast.expr) -> Iterator[tuple[str, ast.Call | None]]:
    """The name of each `pytest.mark`, those of parameters too, and its call."""
    found = list(ast.walk(decorator))
    calls = {id(item.func): item for item in found if isinstance(item, ast.Call)}
    for item in found:
        if isinstance(item, ast.Attribute) and ast.unparse(item.value) == "pytest.mark":
            yield item.attr, calls.get(id(item))


def _is_test(name: str, path: str) -> bool:
    return name.startswith("test_") and path.rpartition("/")[2].startswith("test_")


def _words(call: ast.Call | None, place: str) -> list[str]:
    words = [item.value for item in call.args if isinstance(item, ast.Constant)] if call else []
    if call is None or not words or len(words) != len(call.args) or call.keywords:
        raise Untrue(f"{place}a mark that names no items, or not by their names alone")
    return [str(word) for word in words]
