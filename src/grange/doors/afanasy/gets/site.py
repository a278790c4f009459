"""What is asked of a CGRU installation: its settings, its icons."""

from __future__ import annotations

import asyncio
import logging
import platform
import socket
from pathlib import Path
from typing import Any, Final

import msgspec

from grange.doors.afanasy import reply as r
from grange.doors.afanasy.asked import Get
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.model.unreadable import UNREADABLE
from grange.model.version import VERSION
from grange.server.caller import Caller
from grange.server.permissions import Act

FILES_MAX: Final = 10_000  # names of one folder
CONFIG_MAX: Final = 4 * 1024 * 1024  # bytes of one settings file
#: In this order, as the later ones win.
CONFIGS: Final = ("config_default.json", "afanasy/config_default.json", "config.json")
_SECRET: Final = frozenset({"af_db_conninfo"})  # nobody needs them to show a farm

log = logging.getLogger("grange.afanasy")


async def config(parts: Parts, caller: Caller, _: Get) -> Reply:
    """The settings of the installation, file by file, and what this server is."""
    caller.may(Act.SEE_FARM)
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(parts.desk.reading, _read_configs, parts.cgru)
    where = "" if parts.cgru is None else str(parts.cgru)
    environment = {
        "version": f"Grange {VERSION}",
        "builddate": "",
        "buildrevision": "",
        "platform": platform.system().lower(),
        "hostname": socket.gethostname(),
        "username": caller.principal.user,
        "location": where,
        "servedir": where,
    }
    return Reply(body={"cgru_config": [*found, {"cgru_environment": environment}]})


def _read_configs(cgru: Path | None) -> list[dict[str, Any]]:
    if cgru is None:
        return [{"cgru_config": {}}]
    found = []
    for name in CONFIGS:
        try:
            with (cgru / name).open("rb") as file:
                said = msgspec.json.decode(file.read(CONFIG_MAX), type=dict[str, dict[str, Any]])
        except FileNotFoundError:
            continue
        except (OSError, *UNREADABLE) as why:
            log.warning("settings of CGRU in %s cannot be read: %s", cgru / name, why)
            continue
        settings = said.get("cgru_config", {})
        public = {key: value for key, value in settings.items() if key not in _SECRET}
        found.append({"cgru_config": public})
    return found


async def files(parts: Parts, caller: Caller, asked: Get) -> Reply:
    """Names of the files in a folder of the installation."""
    caller.may(Act.SEE_FARM)
    path = asked.path or ""
    if ".." in path or "\0" in path or parts.cgru is None:
        return r.error(f"Invalid path: '{path[:200]}'")
    loop = asyncio.get_running_loop()
    names = await loop.run_in_executor(parts.desk.reading, _names, parts.cgru, path)
    return Reply(body={"path": path, "files": names})


def _names(cgru: Path, path: str) -> list[str]:
    """None where there is no such folder, or not within the installation."""
    folder = (cgru / path.lstrip("/")).resolve()
    if not folder.is_relative_to(cgru.resolve()) or not folder.is_dir():
        return []
    return sorted(item.name for item in folder.iterdir() if item.is_file())[:FILES_MAX]
