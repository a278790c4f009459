"""What became of each mutant, kept from run to run; and which survivors are explained."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from tools.mutation.mutants import ROOT, Mutant
from tools.mutation.trial import Verdict

FILE: Final = ROOT / "build" / "mutation" / "results.jsonl"
EXPLAINED: Final = ROOT / "tests" / "core" / "survivors.toml"

Key = tuple[str, str, str, str, int]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant.

    Attributes:
        key: the mutant.
        basis: of its function, when it was run.
        tests: hash of the tests that were run; a survivor is run again when they change.
        verdict: how it ended.
        killer: the test that failed.
    """

    key: Key
    basis: str
    tests: str
    verdict: Verdict
    killer: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why no test can tell some mutants from the farm.

    Attributes:
        kind: `equivalent`: it behaves the same; `cost`: it only takes longer; `text`: a message.
        module: file in the core.
        function: with its class.
        was: the lines that are changed, joined by a space.
        now: what they become; without it any change of these lines is meant.
        why: in words.
    """

    kind: str
    module: str
    function: str
    was: str
    why: str
    now: tuple[str, ...] = ()

    def fits(self, mutant: Mutant) -> bool:
        """Whether a mutant is one of those meant."""
        place = (mutant.module, mutant.function, mutant.was)
        return place == (self.module, self.function, self.was) and (
            not self.now or mutant.now in self.now
        )


class Reasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of explained survivors."""

    survivor: tuple[Reason, ...] = ()


def reasons(path: Path = EXPLAINED) -> tuple[Reason, ...]:
    """All explained survivors."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Reasons).survivor


def tests_hash(folders: Iterable[Path]) -> str:
    """Changes when a test changes."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Ledger:
    """Results of this and former runs; the last of a mutant counts."""

    def __init__(self, path: Path = FILE) -> None:
        self.path = path
        self.last: dict[Key, Result] = {}

    def read(self) -> None:
        """Take what former runs left."""
        if self.path.exists():
            with self.path.open("rb") as lines:
                for line in lines:
                    result = msgspec.json.decode(line, type=Result)
                    self.last[result.key] = result

    def note(self, result: Result) -> None:
        """Keep a result."""
        self.last[result.key] = result
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as lines:
            lines.write(msgspec.json.encode(result) + b"\n")

    def verdict(self, mutant: Mutant) -> Verdict | None:
        """What became of a mutant; None: not known for the function as it is now."""
        result = self.last.get(mutant.key)
        return None if result is None or result.basis != mutant.basis else result.verdict

    def left(self, mutants: Iterable[Mutant], tests: str) -> list[Mutant]:
        """Mutants that must be run: new ones, then survivors of other tests."""
        new, again = [], []
        for mutant in mutants:
            verdict = self.verdict(mutant)
            if verdict is None:
                new.append(mutant)
            elif verdict not in ("killed", "timeout") and self.last[mutant.key].tests != tests:
                again.append(mutant)
        return new + again
