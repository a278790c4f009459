"""The path map of this machine, and what is sent from it in the server's paths.

Its rules stand in the section `[path_map]` of settings.toml in the state folder, which a
server on this machine and its worker read, too.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from grange.client.errors import UnusablePathMap
from grange.client.places import state_folder
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.plugins.path_rules import (
    SECTION,
    BadPathMap,
    PathMapSettings,
    check,
    path_map,
    platform_of,
)
from grange.plugins.paths import PathMap, Platform

FILE_NAME: Final = "settings.toml"
_TEXTS: Final = ("command", "command_pre", "command_post", "environment")  # with paths in them
_PATHS: Final = ("working_directory", "files", "folders")  # that are paths
_S = TypeVar("_S", JobSpec, BlockSpec, TaskSpec)


def file_of(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Path:
    """Give the file with the rules.

    Args:
        environment: variables; None the process's own.
        folder: of the state; None where it usually is.
    """
    return (folder or state_folder(os.environ if environment is None else environment)) / FILE_NAME


def read(path: Path) -> PathMapSettings:
    """Read the rules of all systems; without a file there are none.

    Raises:
        UnusablePathMap: the file cannot be read, or a rule cannot be as it is.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get(SECTION, {})
        settings = msgspec.convert(found, PathMapSettings)
        check(settings)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return PathMapSettings()  # none, or somebody else's
    except BadPathMap as error:
        raise UnusablePathMap(f"{path}: {error}") from error
    except msgspec.ValidationError as error:
        raise UnusablePathMap(f"{path}: {SECTION}: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise UnusablePathMap(f"{path} cannot be read: {error}") from error
    return settings


def find(
    environment: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    platform: Platform | None = None,
) -> PathMap:
    """Give the path map of this machine.

    Args:
        environment: variables; None the process's own.
        folder: of the state; None where it usually is.
        platform: None this machine's own.

    Raises:
        UnusablePathMap: the file cannot be read, or a rule cannot be as it is.
    """
    settings = read(file_of(environment, folder))
    return path_map(settings, platform or platform_of(sys.platform))


def job_to_server(job: JobSpec, paths: PathMap | None = None) -> JobSpec:
    """Turn the client's paths in a job into the server's.

    Args:
        job: as the client writes it.
        paths: None takes the path map of this machine.

    Raises:
        UnusablePathMap: see `find`.
    """
    paths = find() if paths is None else paths
    if not paths.pairs:
        return job
    blocks = tuple(_block(block, paths) for block in job.blocks)
    return msgspec.structs.replace(_mapped(job, paths), blocks=blocks)


def fields_to_server(fields: Mapping[str, Any], paths: PathMap) -> dict[str, Any]:
    """Turn the client's paths in fields of a job, a block or a task into the server's."""
    found = dict(fields)
    for names, change in ((_TEXTS, paths.to_server), (_PATHS, paths.path_to_server)):
        found |= {name: _each(fields[name], change) for name in names if name in fields}
    return found


def _block(block: BlockSpec, paths: PathMap) -> BlockSpec:
    tasks = tuple(_mapped(task, paths) for task in block.tasks)
    return msgspec.structs.replace(_mapped(block, paths), tasks=tasks)


def _mapped(spec: _S, paths: PathMap) -> _S:
    fields = {
        name: getattr(spec, name) for name in (*_TEXTS, *_PATHS) if name in spec.__struct_fields__
    }
    return msgspec.structs.replace(spec, **fields_to_server(fields, paths))


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """A text, a list of texts or a table of texts, each changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: change(text) for name, text in value.items()}
    return tuple(change(text) for text in value)
