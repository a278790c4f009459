"""The documentation is true: generated pages are fresh, links lead somewhere, examples run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner

from grange.cli.main import app
from grange.core import why
from tools import make_docs
from tools.reference import cli_pages, core_pages, reliability
from tools.reference.afanasy import BLOCK_KEYS, JOB_KEYS, TASK_KEYS
from tools.reference.meanings import MEANINGS
from tools.reference.shapes import SHAPES
from tools.reference.source import ROOT, SOURCE, codes_in, subclasses
from tools.reference.what_to_do import WHAT_TO_DO

LINES_MAX = 400  # of a module; beyond, it becomes a folder of the same name
ADR_LINES_MAX = 60  # of a decision: one page

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(path for path in (ROOT / "docs").rglob("*.md") if "pictures" not in path.parts),
        *(ROOT / "changes").glob("*.md"),
    ]
)
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
FRAGMENTS = sorted((ROOT / "changes").glob("[0-9]*.md"))
_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!`)!?\[[^\]\n]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`[^`\n]*`")


class Example(NamedTuple):
    """A block of code in a page."""

    page: Path
    line: int
    kind: str  # what is said behind the fence
    text: str

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def examples(page: Path) -> Iterator[Example]:
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Example(page, line, found[2].strip(), found[3])


ALL_EXAMPLES = [example for page in PAGES for example in examples(page)]
RUNNABLE = [example for example in ALL_EXAMPLES if example.kind == "python run"]
RUNNABLE_PAGES = sorted({example.page for example in RUNNABLE})


def prose(page: Path) -> str:
    """A page without its code."""
    return _INLINE.sub("``", _FENCE.sub("", page.read_text(encoding="utf-8")))


# --- generated pages


@pytest.mark.parametrize("page", make_docs.PAGES, ids=name)
def test_a_generated_page_is_as_the_code_is(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == make_docs.PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("fault", reliability.found(), ids=lambda fault: fault.test)
def test_a_fault_that_was_mended_has_its_test(fault: reliability.Found) -> None:
    path, _, wanted = fault.test.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"(def|class) {re.escape(wanted)}\b", text), f"{path} has no {wanted}"


def test_the_reference_holds_generated_pages_only() -> None:
    assert set(make_docs.REFERENCE.iterdir()) - set(make_docs.PAGES) == set()


@pytest.mark.parametrize("module", sorted(SOURCE.rglob("*.py")), ids=name)
def test_every_stable_code_is_explained(module: Path) -> None:
    assert codes_in(module) - core_pages.documented_codes() == set()


def test_no_meaning_outlives_its_field() -> None:
    fields: defaultdict[str, set[str]] = defaultdict(set)
    for kind in (*subclasses(msgspec.Struct), *subclasses(StrEnum)):
        fields[kind.__name__] |= {*getattr(kind, "__struct_fields__", ()), *dir(kind)}
    said = {
        (kind, field) for words in (MEANINGS, SHAPES) for kind in words for field in words[kind]
    }
    keys = (("JobSpec", JOB_KEYS), ("BlockSpec", BLOCK_KEYS), ("TaskSpec", TASK_KEYS))
    said |= {(kind, field) for kind, words in keys for field in words}
    assert {item for item in said if item[1] not in fields[item[0]]} == set()


def test_no_advice_outlives_its_reason() -> None:
    known = why.GATES.keys() | why.REFUSALS.keys() | core_pages.other_reasons()
    assert known == WHAT_TO_DO.keys()


# --- pages written by hand


def slug(title: str) -> str:
    """The anchor that a heading gets."""
    kept = re.sub(r"[^\w\- ]", "", title.replace("`", "").lower())
    return kept.strip().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ +(.+?)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    seen: Counter[str] = Counter()
    found = set()
    for title in titles:
        word = slug(title)
        found.add(f"{word}-{seen[word]}" if seen[word] else word)
        seen[word] += 1
    return found


def broken(page: Path) -> Iterator[str]:
    for target in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        lost = not place.exists() or not place.is_relative_to(ROOT)
        if lost or (anchor and anchor not in anchors(place)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_every_page_can_be_reached_from_the_table_of_contents() -> None:
    todo, seen = [ROOT / "docs" / "README.md"], set[Path]()
    while todo:
        page = todo.pop()
        seen.add(page)
        for target in _LINK.findall(prose(page)):
            place = (page.parent / target.partition("#")[0]).resolve()
            if place.suffix == ".md" and place in PAGES and place not in seen:
                todo.append(place)
    assert [name(page) for page in PAGES if page not in seen and page not in FRAGMENTS] == []


def test_numbers_of_decisions_are_used_once() -> None:
    numbers = Counter(path.name[:4] for path in DECISIONS)
    assert [number for number, times in numbers.items() if times > 1] == []


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_has_its_number_its_parts_and_one_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.fullmatch(r"\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.md", page.name)
    assert text.startswith(f"# {page.name[:4]}. ")
    parts = ["Context", "Decision", "Consequences", "Rejected"]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == parts
    assert len(text.splitlines()) <= ADR_LINES_MAX


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DECISIONS if f"({path.name})" not in listed] == []


def test_every_dependency_has_a_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    asked += [item for extra in extras for item in extra]
    names = {re.split(r"[\[<>=; ]", item)[0] for item in asked}
    page = (ROOT / "docs" / "adr" / "dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w.\-]+)` \|", page, re.MULTILINE)) == names


@pytest.mark.parametrize("page", FRAGMENTS, ids=name)
def test_a_fragment_is_one_sentence_of_a_known_kind(page: Path) -> None:
    assert re.fullmatch(r"\d+\.(added|changed|fixed|removed)\.md", page.name)
    paragraphs = page.read_text(encoding="utf-8").strip().split("\n\n")
    assert len(paragraphs) == 1
    assert paragraphs[0].endswith(".")


# --- what is said about the code


@pytest.mark.parametrize("module", sorted(SOURCE.rglob("*.py")), ids=name)
def test_a_module_is_not_longer_than_it_may_be(module: Path) -> None:
    lines = module.read_text(encoding="utf-8").count("\n")
    assert lines <= LINES_MAX


def test_the_architecture_names_what_is_there() -> None:
    page = ROOT / "ARCHITECTURE.md"
    tree = next(example.text for example in examples(page) if "src/grange/" in example.text)
    packages = {path.parent.name for path in (SOURCE / "grange").glob("*/__init__.py")}
    assert set(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE)) == packages
    places = (*SOURCE.rglob("*"), *ROOT.iterdir(), *(ROOT / "tests").iterdir())
    present = {path.name for path in places}
    named = set(re.findall(r"\b(\w+\.py)\b", tree)) | set(re.findall(r"\b(\w+)/ ", tree))
    assert named - present - {"utils.py", "grange", "reference", "make_docs.py"} == set()


def test_makefile_targets_that_are_named_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(
            r"(?:^|`|    )make ([a-z]+)\b", page.read_text("utf-8"), re.MULTILINE
        )
    }
    assert named - targets == set()


# --- examples


def shown_commands() -> Iterator[tuple[str, str]]:
    """Command lines of `grange` in pages written by hand: where, and what."""
    for example in ALL_EXAMPLES:
        if example.kind in ("sh", "console"):
            for line in example.text.replace("\\\n", " ").splitlines():
                found = re.search(r"(?:^|[\s$(])(grange (?!:)[^|>]*)", line.partition(" # ")[0])
                if found and not line.lstrip().startswith("#"):
                    yield str(example), found[1].rstrip(") ")
    for page in PAGES:
        if make_docs.REFERENCE not in page.parents:
            text = _FENCE.sub("", page.read_text(encoding="utf-8"))
            for line in re.findall(r"`(grange [^`\n]+)`", text):
                yield name(page), line


def misused(line: str) -> str:
    """What of a command line does not exist; "" when all does."""
    words = shlex.split(line)
    if "--" in words:
        words = words[: words.index("--")]  # what follows is another program's
    path, command = words[0], cli_pages.program()
    plain, at = 0, 1
    while at < len(words):
        word, at = words[at], at + 1
        below = getattr(command, "commands", {})
        if word.startswith("-") and word != "-":
            option = cli_pages.option(command, word.partition("=")[0])
            if option is None:
                return f"{path} has no option {word}"
            at += not option.is_flag and "=" not in word
        elif below:
            if word not in below:
                return f"{path} has no command {word}"
            path, command = f"{path} {word}", below[word]
        else:
            plain += 1
    room = cli_pages.room(command)
    return f"{path} takes {room:g} words, not {plain}" if plain > room else ""


@pytest.mark.parametrize(("where", "line"), sorted(set(shown_commands())))
def test_a_command_that_is_shown_exists(where: str, line: str) -> None:
    assert misused(line) == "", where


def test_help_says_what_there_is() -> None:
    said = CliRunner().invoke(app, ["--help"])
    assert said.exit_code == 0


@pytest.mark.parametrize("page", RUNNABLE_PAGES, ids=name)
def test_examples_that_can_run_do_run(page: Path, tmp_path: Path) -> None:
    """All of a page in one program, in order, so that an example may build on the one before."""
    program = tmp_path / "example.py"
    parts = [example.text for example in RUNNABLE if example.page == page]
    program.write_text("\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
