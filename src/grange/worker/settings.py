"""Reads what is set on this machine for its worker: `[machine]` in settings.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import msgspec

from grange.model.machine import PLAIN, SECTION, MachineSettings
from grange.worker.errors import WorkerCannotRun

FILE_NAME: Final = "settings.toml"  # in the folder of the farm's state on this machine


def machine_settings(folder: Path) -> MachineSettings:
    """Read the settings of this machine; without a file there are none.

    Raises:
        WorkerCannotRun: the file cannot be read, or something in it cannot be as it is.
    """
    path = folder / FILE_NAME
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get(SECTION, {})
        return msgspec.convert(found, MachineSettings)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return PLAIN  # none, or somebody else's
    except msgspec.ValidationError as error:
        raise WorkerCannotRun(f"{path}: [{SECTION}]: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise WorkerCannotRun(f"{path} cannot be read: {error}") from error
