"""A worker as a process of its own, for tests that kill it.

python -m tests.worker.puppet CONFIGURATION
"""

from __future__ import annotations

import asyncio
import sys

from grange.worker.config import from_json
from grange.worker.daemon import run
from tests.worker.fakes import PlainPlugins

if __name__ == "__main__":
    print(asyncio.run(run(from_json(sys.argv[1].encode()), PlainPlugins())))
