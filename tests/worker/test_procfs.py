"""What /proc tells, and that it tells nothing to who cannot look."""

from __future__ import annotations

import errno
import os

import pytest

from grange.worker import procfs
from tests.worker.poor import out_of_files

NOBODY = 2**22 + 1  # beyond the highest number that a process can have


def test_a_process_that_is_not_there_is_none() -> None:
    assert procfs.process(NOBODY) is None


def test_who_is_out_of_files_does_not_take_a_process_for_gone() -> None:
    with out_of_files(), pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        procfs.process(os.getpid())


def test_who_is_out_of_files_does_not_take_children_for_gone() -> None:
    with out_of_files(), pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        procfs.children(os.getpid())
