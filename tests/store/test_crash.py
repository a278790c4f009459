"""A server that dies at any point of a commit leaves the store as it was before or after it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grange.store.store import StoreBroken
from tests.store import make
from tests.store.conftest import Opener

ROOT = Path(__file__).parents[2]

#: Commits one farm, then dies in the commit of changes to all of it, after `statements` of it.
CHILD = """
import os, sys
from grange.core.records import Changes
from grange.store.sql import open_store
from tests.store import make

url, statements = sys.argv[1], int(sys.argv[2])
store = open_store(url)
store.commit(make.puts(*make.one_of_each(), last_id=5))
more = Changes({"run": 6}, [make.job(1, "new"), make.user("bob")], [2], notes=[make.note("x")])
batches = store._statements.of(more, [make.audit()])

def dying():
    yield from batches[:statements]
    os._exit(9)

if statements < 0:
    store.commit(more, [make.audit()])
    os._exit(9)
store._backend.write(dying())
"""
STATEMENTS = 9  # of that commit


def _die(url: str, statements: int) -> None:
    argv = [sys.executable, "-c", CHILD, url, str(statements)]
    done = subprocess.run(
        argv, cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}, check=False
    )
    assert done.returncode == 9


@pytest.mark.crash
@pytest.mark.parametrize("statements", [0, 3, STATEMENTS])
def test_a_server_killed_in_a_commit_leaves_the_old_state(
    url: str, statements: int, opened: Opener
) -> None:
    _die(url, statements)
    store = opened(url)
    snapshot = store.load()
    assert snapshot.last_ids == {"run": 5}
    assert snapshot.records == make.one_of_each()
    assert store.notes(1) == []
    assert store.audit() == []


@pytest.mark.crash
def test_a_server_killed_after_a_commit_leaves_the_new_state(url: str, opened: Opener) -> None:
    _die(url, -1)
    store = opened(url)
    snapshot = store.load()
    assert snapshot.last_ids == {"run": 6}
    assert make.job(1, "new") in snapshot.records
    assert make.user("bob") in snapshot.records
    assert [note.text for note in store.notes(1)] == ["x"]
    assert len(store.audit()) == 1


def test_a_commit_that_fails_changes_nothing_and_none_passes_after_it(
    url: str, opened: Opener
) -> None:
    store = opened(url)
    store.commit(make.puts(make.job(1), last_id=1))
    impossible = make.chunk(1, 2**70)  # no column holds that number
    with pytest.raises(StoreBroken, match="did not"):
        store.commit(make.puts(make.job(2), impossible, last_id=2))
    with pytest.raises(StoreBroken, match="an earlier commit did not happen"):
        store.commit(make.puts(make.user()))
    store.close()
    snapshot = opened(url).load()
    assert (snapshot.last_ids, snapshot.records) == ({"run": 1}, [make.job(1)])
