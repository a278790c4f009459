"""A worker of a machine with four GPUs that are not there.

python -m tests.e2e.gpu_worker  < its configuration, as JSON
"""

from __future__ import annotations

import asyncio
import sys

from typing_extensions import override

from grange.plugins.loading import names
from grange.worker.config import from_json
from grange.worker.daemon import run
from grange.worker.gpus import Gpus
from grange.worker.plugin import HostPlugins
from tests.worker.nvml import four


class Plugins(HostPlugins):
    """Those that ship, without asking every program of this machine for its version."""

    @override
    def available(self) -> dict[str, str]:
        return dict.fromkeys(names("services"), "")


if __name__ == "__main__":
    config = from_json(sys.stdin.buffer.read())
    asyncio.run(run(config, Plugins(), gpus=Gpus(four(), by_uuid=config.machine.gpus_by_uuid)))
