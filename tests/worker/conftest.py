"""Fixtures of the worker's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.worker.server import FarmServer


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on plain asyncio, as the worker does."""
    return "asyncio"


@pytest.fixture
async def server() -> AsyncIterator[FarmServer]:
    """A server that a worker can join."""
    async with FarmServer() as server:
        yield server
