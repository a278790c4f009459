"""POV-Ray for the tests of this folder."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

INSTALL_MAX_S = 900
#: Waits for another process of these tests that installs.
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-y", "-qq")
HOW = "a parser is tested on POV-Ray: install povray (on Debian: apt-get install povray)"


@pytest.fixture(scope="session")
def povray() -> str:
    """The program; on Debian, as root, it is installed when it is missing."""
    if not shutil.which("povray") and shutil.which("apt-get") and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (("update",), ("install", "--no-install-recommends", "povray")):
            subprocess.run([*APT, *words], env=environment, timeout=INSTALL_MAX_S, check=False)
    found = shutil.which("povray")
    assert found is not None, HOW
    return found
