"""What /proc tells, and that it tells nothing to who cannot look."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from grange.worker import procfs

NOBODY = 2**22 + 1  # beyond the highest number that a process can have


@contextmanager
def out_of_files() -> Iterator[None]:
    """This process can open none."""
    was = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, was)


def test_a_process_that_is_not_there_is_none() -> None:
    assert procfs.process(NOBODY) is None


def test_who_is_out_of_files_does_not_take_a_process_for_gone() -> None:
    with out_of_files(), pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        procfs.process(os.getpid())


def test_who_is_out_of_files_does_not_take_children_for_gone() -> None:
    with out_of_files(), pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        procfs.children(os.getpid())
