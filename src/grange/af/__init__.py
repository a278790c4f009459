"""Afanasy's Python module for scripts that know no other: `from grange import af`.

Names of classes and methods are those that scripts written for CGRU use; no CGRU has to be
installed. What is sent goes to an Afanasy server: Grange's own door, or another one.
"""

from __future__ import annotations

from grange.af import afcmd, afcommon, afnetwork, cgruconfig, cgrupathmap
from grange.af.block import Block
from grange.af.cgrupathmap import Pathmap
from grange.af.cmd import Cmd
from grange.af.job import Job
from grange.af.named import checkClass, checkRegExp
from grange.af.task import Task

__all__ = [
    "Block",
    "Cmd",
    "Job",
    "Pathmap",
    "Task",
    "afcmd",
    "afcommon",
    "afnetwork",
    "cgruconfig",
    "cgrupathmap",
    "checkClass",
    "checkRegExp",
]
