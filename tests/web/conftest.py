"""Chromium and a page for the tests of this folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.browser import Browser, Page, browser
from tests.web.fake import FakeFarm, fake_farm

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
INSTALL_MAX_S = 900
#: Waits for another process of these tests that installs.
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-y", "-qq")
HOW = "the page is tested in a browser: install chromium (on Debian: apt-get install chromium)"


def find_chromium() -> str:
    """The program; on Debian, as root, it is installed when it is missing."""
    found = _on_path()
    if found is None and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (("update",), ("install", "--no-install-recommends", "chromium")):
            subprocess.run([*APT, *words], env=environment, timeout=INSTALL_MAX_S, check=False)
        found = _on_path()
    assert found is not None, HOW
    return found


def _on_path() -> str | None:
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The one browser of a test run."""
    folder: Path = tmp_path_factory.mktemp("chromium")
    with browser(find_chromium(), folder) as found:
        yield found


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page."""
    with chromium.page() as found:
        yield found


@pytest.fixture
def farm() -> Iterator[FakeFarm]:
    """A farm that says what a test tells it to."""
    with fake_farm() as found:
        yield found
