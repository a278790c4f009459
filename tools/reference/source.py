"""What the code says of itself: docstrings, and the `#:` comments beside fields."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src"

_COMMENT = re.compile(r"(?:^|[^#])#:\s?(.*)$")
_CODE = re.compile(r"[a-z]+(?:-[a-z]+)*")

Notes = dict[str, str]  # name of a field or member -> its comment


@lru_cache(maxsize=64)
def lines_of(module: ModuleType) -> tuple[str, ...]:
    """The lines of a module's file."""
    return tuple(inspect.getsource(module).splitlines())


@lru_cache(maxsize=64)
def tree_of(module: ModuleType) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse("\n".join(lines_of(module)))


def notes_of(kind: type) -> Notes:
    """The comments beside the fields of a class and of the classes it is derived from."""
    found: Notes = {}
    for base in reversed(kind.__mro__):
        module = inspect.getmodule(base)
        if module is not None and module.__name__.startswith("grange"):
            found |= _notes_in(module, base.__name__)
    return found


@lru_cache(maxsize=512)
def _notes_in(module: ModuleType, name: str) -> Notes:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ClassDef) and node.name == name:
            return {
                field: note
                for item in node.body
                for field in _assigned(item)
                if (note := _note(lines_of(module), item))
            }
    return {}


def _assigned(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    elif isinstance(node, ast.Assign):
        yield from (item.id for item in node.targets if isinstance(item, ast.Name))


def _note(lines: tuple[str, ...], node: ast.stmt) -> str:
    """The comment on a statement's own lines, else the one above it, else below it."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    own = [match[1] for line in lines[first : last + 1] if (match := _COMMENT.search(line))]
    if own:
        return " ".join(own)
    above = _block(lines, range(first - 1, -1, -1))
    if above:
        return " ".join(reversed(above))
    return " ".join(_block(lines, range(last + 1, len(lines))))


def _block(lines: tuple[str, ...], places: range) -> list[str]:
    """Comment lines that follow each other from a place on; those above belong to a field."""
    found: list[str] = []
    for place in places:
        text = lines[place].strip()
        if not text.startswith("#:"):
            is_above = places.step < 0
            ends_well = is_above or not text or lines[place][:1].strip() != ""
            return found if ends_well else []
        found.append(text.removeprefix("#:").strip())
    return found


def summary(thing: object) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(paragraphs(thing)[0].split())


def paragraphs(thing: object) -> list[str]:
    """A docstring's paragraphs, up to its sections such as `Args:`.

    Raises:
        ValueError: there is no docstring.
    """
    text = inspect.getdoc(thing)
    if not text:
        raise ValueError(f"{thing!r} has no docstring")
    found = []
    for paragraph in text.split("\n\n"):
        if re.match(r"(Args|Attributes|Returns|Raises|Yields):", paragraph):
            break
        found.append(" ".join(paragraph.split()))
    return found


def subclasses(kind: type) -> list[type]:
    """All classes derived from one, in the order of the file; the class itself left out."""
    found: list[type] = []
    below: list[type] = type.__subclasses__(kind)
    for item in below:
        if item.__module__.startswith("grange"):
            found += [item, *subclasses(item)]
    return found


def codes_in(path: Path) -> set[str]:
    """Words that a module uses as a stable code: `code = "..."`, or an argument `code="..."`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        values: list[ast.expr] = []
        if isinstance(node, ast.keyword) and node.arg == "code":
            values = [node.value]
        elif isinstance(node, ast.AnnAssign | ast.Assign) and "code" in set(_assigned(node)):
            values = [node.value] if node.value is not None else []
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found |= {value.value} if _CODE.fullmatch(value.value) else set()
    return found
