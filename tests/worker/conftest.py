"""Fixtures of the worker's tests."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on plain asyncio, as the worker does."""
    return "asyncio"
