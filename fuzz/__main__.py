"""Fuzz every parser for a while, and keep what was found: python -m fuzz SECONDS [NAME ...]."""

from __future__ import annotations

import argparse
import logging
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

import atheris

from tools.evidence import Evidence, Table, keep

with atheris.instrument_imports(include=["grange"]):
    from tests.fuzz.table import ALL
    from tests.fuzz.target import Target

SECONDS: Final = 600  # for all targets together
HANG_S: Final = 20  # an input that takes so long is a finding
MEMORY_MB: Final = 2_048  # one that needs so much, too
LENGTH_MAX: Final = 32_768  # bytes of an input
_INPUTS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


class Found(NamedTuple):
    """What came of one target."""

    target: Target
    inputs: int
    seconds: int
    findings: int
    said: str  #: the end of its output, where something was found


def fuzz(target: Target, seconds: int, folder: Path) -> Found:
    """Fuzz one target in a process of its own.

    Args:
        target: to fuzz.
        seconds: how long.
        folder: for the inputs that reach something new, and for findings.
    """
    corpus, findings = folder / "corpus", folder / "findings"
    corpus.mkdir(parents=True)
    findings.mkdir()
    for number, seed in enumerate((*target.seeds, *target.found)):
        (corpus / f"seed-{number}").write_bytes(seed)
    flags = (
        f"-max_total_time={seconds}",
        f"-timeout={HANG_S}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={LENGTH_MAX}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
        "-seed=1",
        str(corpus),
    )
    log = folder / "log"
    status = _apart(target, flags, log)
    said = log.read_text(errors="replace")
    done = _INPUTS.search(said)
    count = len(list(findings.iterdir()))
    if status and not count:
        count = 1  # it ended in a way of its own
    shown = [f"{path.name}: {path.read_bytes()[:200]!r}" for path in findings.iterdir()]
    return Found(
        target=target,
        inputs=int(done[1]) if done else 0,
        seconds=seconds,
        findings=count,
        said="\n".join((*shown, said[-4_000:])) if count else "",
    )


def _apart(target: Target, flags: tuple[str, ...], log: Path) -> int:
    """Run the fuzzer, which ends its process, in a copy of this one. Returns its status."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        logging.disable()
        atheris.Setup([sys.argv[0], *flags], target.try_one)
        atheris.Fuzz()
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def evidence(found: list[Found], command: str) -> Evidence:
    """What is kept of a run."""
    rows = tuple((item.target.name, item.inputs, item.seconds, item.findings) for item in found)
    inputs = sum(item.inputs for item in found)
    seconds = sum(item.seconds for item in found)
    text = (
        f"{len(found)} parsers of foreign bytes, {inputs:,} inputs in {seconds:,} s of one core,"
        " guided by the code that they reach. A parser may take an input or refuse it with a"
        f" documented error; any other error, {HANG_S} s for one input or {MEMORY_MB} MB are a"
        " finding. The same targets run with every test, where the calls and the memory that an"
        " input costs are counted, too."
    )
    table = Table(title="Parsers", columns=("parser", "inputs", "seconds", "findings"), rows=rows)
    return Evidence(part="fuzzing", title="Fuzzing", command=command, tables=(table,), text=text)


def main() -> int:
    """Fuzz; the exit status is 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("seconds", type=int, nargs="?", default=SECONDS)
    parser.add_argument("names", nargs="*", help="of targets; all without")
    parser.add_argument("--keep", action="store_true", help="keep the figures as evidence")
    options = parser.parse_args()
    chosen = [item for item in ALL if not options.names or item.name in options.names]
    each = max(1, options.seconds // max(1, len(chosen)))
    found = []
    folder = Path(tempfile.mkdtemp(prefix="grange-fuzz-"))  # no copy of us may clean it up
    for number, target in enumerate(chosen):
        item = fuzz(target, each, folder / str(number))
        found.append(item)
        print(f"{target.name:40} {item.inputs:>10,} inputs {item.findings} findings", flush=True)
        if item.findings:
            print(item.said, flush=True)
    shutil.rmtree(folder)
    if options.keep:
        print(keep(evidence(found, f"make fuzz SECONDS={options.seconds}")))
    return int(any(item.findings for item in found))


if __name__ == "__main__":
    sys.exit(main())
