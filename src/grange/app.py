"""Composition root: the only module that names concrete classes and the real clock."""

from __future__ import annotations
