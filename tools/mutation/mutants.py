"""What can be changed in a module: each mutant is one function with one change."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any, Final

import libcst as cst
import msgspec
from libcst import matchers as m
from mutmut.mutation.mutators import (
    mutation_operators,
    operator_arg_removal,
    operator_assignment,
    operator_string,
)

ROOT: Final = Path(__file__).resolve().parent.parent.parent
CORE: Final = ROOT / "src" / "grange" / "core"
FUTURE: Final = "from __future__ import annotations\n"

Operator = Callable[[cst.CSTNode], Iterable[cst.CSTNode]]


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one function.

    Attributes:
        module: of the core, such as `check.jobs`.
        function: its name, with its class.
        was: the lines that change, joined.
        now: what they become.
        place: how many mutants of the function with the same `was` and `now` come before.
        source: of the whole function, mutated.
        basis: of the function as it is, hashed; a result is good for one basis.
    """

    module: str
    function: str
    was: str
    now: str
    place: int
    source: str
    basis: str

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What tells it from all others, as long as its function stays as it is."""
        return (self.module, self.function, self.was, self.now, self.place)

    def code(self) -> CodeType:
        """Its function, compiled.

        Raises:
            SyntaxError: the change makes no program.
        """
        *classes, name = self.function.split(".")
        text = self.source
        for item in reversed(classes):
            text = f"class {item}:\n" + "".join(f"  {line}\n" for line in text.splitlines())
        code = compile(FUTURE + text, str(path_of(self.module)), "exec", dont_inherit=True)
        for item in (*classes, name):
            code = next(
                const
                for const in code.co_consts
                if isinstance(const, CodeType) and const.co_name == item
            )
        return code


def path_of(module: str) -> Path:
    """The file of a module."""
    path = CORE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def module_of(path: Path) -> str:
    """The module of a file."""
    parts = path.relative_to(CORE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def all_modules() -> list[str]:
    """The core's modules that have a function."""
    return sorted({module_of(path) for path in CORE.rglob("*.py")} - {"__init__"})


def drop_call(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Leave out a call that is made for what it does."""
    parent = m.Call(func=m.Attribute(value=m.Call(func=m.Name("super"))))
    if m.matches(node, m.Expr(value=m.Call() | m.Yield())) and not m.matches(
        node,
        m.Expr(value=parent),  # without it the function has no `__class__` to close over
    ):
        yield cst.Pass()


def force_condition(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Have a condition always hold, or never."""
    if isinstance(node, cst.If):
        yield node.with_changes(test=cst.Name("True"))
        yield node.with_changes(test=cst.Name("False"))
    if isinstance(node, cst.CompIf):
        yield node.with_changes(test=cst.Name("True"))


def drop_keyword(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Leave out an argument that is given by its name."""
    if isinstance(node, cst.Call):
        for place, argument in enumerate(node.args):
            if argument.keyword is not None:
                kept = (*node.args[:place], *node.args[place + 1 :])
                yield node.with_changes(args=kept)


def change_string(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Have a text be another one."""
    if isinstance(node, cst.SimpleString):
        yield from tuple(operator_string(node))[:1]


def drop_jump(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Go on where a loop would begin its next turn or end."""
    if isinstance(node, cst.Break | cst.Continue):
        yield cst.Pass()


#: Of mutmut's operators those are left out whose mutants mypy finds: None where there was a
#: value, an argument left out that is needed.
OPERATORS: Final[Sequence[tuple[Any, Operator]]] = (
    *(
        (kind, operator)
        for kind, operator in mutation_operators
        if operator not in (operator_arg_removal, operator_assignment, operator_string)
    ),
    (cst.SimpleString, change_string),
    (cst.Call, drop_keyword),
    (cst.Expr, drop_call),
    (cst.CSTNode, force_condition),
    (cst.CSTNode, drop_jump),
)


class Changes(cst.CSTVisitor):
    """All changes of one function, as pairs of nodes: what there is, and what it becomes.

    Annotations, decorators, defaults and docstrings are left alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Note the changes of one node; says whether to look below it."""
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Parameters):
            return False
        if m.matches(node, m.Expr(value=m.SimpleString() | m.ConcatenatedString())):
            return False
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                self.found.extend((node, changed) for changed in operator(node))
        return not isinstance(node, cst.FormattedString)


def functions(
    body: Sequence[cst.CSTNode], above: str = ""
) -> Iterator[tuple[str, cst.FunctionDef]]:
    """Functions and methods of a module, with their names."""
    for node in body:
        if isinstance(node, cst.FunctionDef):
            yield above + node.name.value, node
        elif isinstance(node, cst.ClassDef):
            yield from functions(node.body.body, f"{above}{node.name.value}.")


def mutants(module: str) -> Iterator[Mutant]:
    """All mutants of a module of the core."""
    tree = cst.parse_module(path_of(module).read_text(encoding="utf-8"))
    for name, function in functions(tree.body):
        plain = function.with_changes(decorators=(), leading_lines=())
        before = tree.code_for_node(plain)
        basis = hashlib.sha256(before.encode()).hexdigest()[:16]
        changes = Changes()
        plain.visit(changes)
        seen: dict[tuple[str, str], int] = {}
        for old, new in changes.found:
            source = tree.code_for_node(plain.deep_replace(old, new))
            was, now = difference(before, source)
            if not was:
                continue  # the operator changed nothing but spaces
            place = seen.get((was, now), 0)
            seen[was, now] = place + 1
            yield Mutant(
                module=module,
                function=name,
                was=was,
                now=now,
                place=place,
                source=source,
                basis=basis,
            )


def difference(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, joined by a space each."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    was = " ".join(line[2:].strip() for line in lines if line.startswith("- "))
    now = " ".join(line[2:].strip() for line in lines if line.startswith("+ "))
    return was, now
