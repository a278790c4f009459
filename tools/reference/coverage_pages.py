"""Pages that say what of a foreign specification is there, each with the tests that prove it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from tools.reference import markdown as md
from tools.reference import proofs
from tools.reference.proofs import Proof
from tools.reference.source import ROOT

WORKER: Final = ROOT / "tests" / "seed_003.toml"

_INTRODUCTION: Final = (
    "What the documentation of Afanasy's *render* (CGRU) describes, item by item in our words,"
    " and the tests that prove that Grange's worker has it. Each test says itself what it proves;"
    " this page is not written when an item has no test, or a test proves what is no item. A test"
    " that may be skipped proves nothing here."
)


def worker_page() -> str:
    """Write docs/reference/worker-coverage.md.

    Raises:
        proofs.Untrue: it would not be true.
    """
    return md.page(
        "What the worker has of Afanasy's render",
        [WORKER.relative_to(ROOT).as_posix(), "the marks on the tests"],
        _INTRODUCTION,
        *_sections(),
    )


def _sections() -> Iterator[str]:
    wanted = proofs.items(WORKER)
    found = proofs.proven(wanted, proofs.marks())
    tests = {proof for some in found.values() for proof in some}
    yield f"{len(wanted)} items, {len(tests)} tests."
    for section, names in groupby(wanted, key=lambda name: name.rpartition(".")[0]):
        title = section.partition(".")[2].replace("_", " ")
        rows = [
            (md.code(name.rpartition(".")[2]), wanted[name], _tests(found[name])) for name in names
        ]
        yield f"## {md.sentence(title).rstrip('.')}"
        yield md.table(("item", "what it is", "proven by"), rows)


def _tests(some: list[Proof]) -> str:
    return "; ".join(f"[{_sentence(proof.name)}](../../{proof.path})" for proof in some)


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")
