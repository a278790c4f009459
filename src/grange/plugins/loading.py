"""Find plugin classes: a studio's folders first, then what ships.

Files that were written for Afanasy find its base classes: see `grange.plugins.afanasy`.

A plugin `x` is a class in `services/x.py`, `parsers/x.py` or `resources/x.py`: the one named
`x`, as Afanasy has it, else the only one there that is derived from the base class.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import pkgutil
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, Literal, TypeVar

from grange.plugins import parsers, resources, services
from grange.plugins.afanasy import imports
from grange.plugins.afanasy.resbase import resbase
from grange.plugins.companion import Lost, Threw
from grange.plugins.contract import PluginError
from grange.plugins.parser import Parser
from grange.plugins.service import Service

Kind = Literal["services", "parsers", "resources"]
T = TypeVar("T", Service, Parser, resbase)

TRACEBACK_LINES: Final = 8  # the last ones, which say where and what
MODULES_MAX: Final = 256  # files of studios kept loaded
_NAME = re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII)
_SHIPPED: Final = {"services": services, "parsers": parsers, "resources": resources}


def service_class(name: str, folders: Sequence[str]) -> type[Service]:
    """Load a service by its name.

    Raises:
        PluginError: there is none, or it is broken.
    """
    if not folders:
        return _shipped_service(name)
    return _class_in(_module("services", name, folders), name, Service)


def parser_class(name: str, folders: Sequence[str]) -> type[Parser]:
    """Load a parser by its name.

    Raises:
        PluginError: there is none, or it is broken.
    """
    if not folders:
        return _shipped_parser(name)
    return _class_in(_module("parsers", name, folders), name, Parser)


def resource_class(name: str, folders: Sequence[str]) -> type[resbase]:
    """Load a custom resource by its name.

    Raises:
        PluginError: there is none, or it is broken.
    """
    return _class_in(_module("resources", name, folders), name, resbase)


def is_of_a_studio(kind: Kind, name: str, folders: Sequence[str]) -> bool:
    """Say whether a plugin is a file in one of the folders."""
    return any(Path(folder, kind, f"{name}.py").is_file() for folder in folders)


def names(kind: Kind, folders: Sequence[str] = ()) -> tuple[str, ...]:
    """Name every plugin of a kind that ships or lies in the folders."""
    found = {module.name for module in pkgutil.iter_modules(_SHIPPED[kind].__path__)}
    for folder in folders:
        found |= {path.stem for path in Path(folder, kind).glob("*.py")}
    return tuple(sorted(name for name in found if _NAME.fullmatch(name) and name != "__init__"))


def last_lines(fault: BaseException) -> str:
    """Give the end of a fault's traceback, of the process where it was thrown."""
    if isinstance(fault, Threw):
        return fault.trace or str(fault)
    if isinstance(fault, Lost):
        return str(fault)
    lines = "".join(traceback.format_exception(fault)).splitlines()
    return "\n".join(lines[-TRACEBACK_LINES:])


@functools.lru_cache(maxsize=MODULES_MAX)
def _shipped_service(name: str) -> type[Service]:
    """What ships does not change while we live."""
    return _class_in(_module("services", name, ()), name, Service)


@functools.lru_cache(maxsize=MODULES_MAX)
def _shipped_parser(name: str) -> type[Parser]:
    return _class_in(_module("parsers", name, ()), name, Parser)


def _module(kind: Kind, name: str, folders: Sequence[str]) -> ModuleType:
    one = kind.removesuffix("s")
    if not _NAME.fullmatch(name):  # the name comes from a job: it must not lead out of a folder
        raise PluginError(f"{name[:100]!r} cannot name a {one}; use letters, digits and _")
    try:
        return _studio_module(kind, name, folders) or importlib.import_module(
            f"{_SHIPPED[kind].__name__}.{name}"
        )
    except Exception as fault:
        if name not in names(kind, folders):
            raise PluginError(
                f"no {one} {name!r}; put {kind}/{name}.py in a plugin folder of the worker, "
                f"or use one of: {', '.join(names(kind, folders))}"
            ) from None
        raise PluginError(f"{one} {name!r} cannot be loaded:\n{last_lines(fault)}") from fault


def _studio_module(kind: Kind, name: str, folders: Sequence[str]) -> ModuleType | None:
    for folder in folders:
        path = Path(folder, kind, f"{name}.py")
        if path.is_file():
            imports.install(_shipped, folders, kind)
            state = path.stat()
            return _load_file(str(path), state.st_mtime_ns, state.st_size)
    return None


def _shipped(kind: Kind, name: str) -> type:
    """Give the class of a plugin that ships.

    Raises:
        LookupError: there is none of the name.
    """
    package = _SHIPPED[kind]
    if name not in {module.name for module in pkgutil.iter_modules(package.__path__)}:
        raise LookupError(name)
    if kind == "resources":
        return resource_class(name, ())
    return _shipped_service(name) if kind == "services" else _shipped_parser(name)


@functools.lru_cache(maxsize=MODULES_MAX)
def _load_file(path: str, _changed_ns: int, _size: int) -> ModuleType:
    """Load a file; anew once it was changed, so that an edit needs no restart."""
    digest = hashlib.blake2b(path.encode(), digest_size=6).hexdigest()
    name = f"grange_studio_{Path(path).parent.name}_{Path(path).stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # as for any name that ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations of its classes are looked up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _class_in(module: ModuleType, name: str, base: type[T]) -> type[T]:
    named = getattr(module, name, None)
    if isinstance(named, type) and issubclass(named, base):
        return named
    own = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, base) and item.__module__ == module.__name__
    ]
    if len(own) == 1:
        return own[0]
    count = "no class" if not own else f"{len(own)} classes"
    raise PluginError(
        f"{module.__file__} has {count} derived from {base.__name__}; "
        f"write one, or name the one to use {name!r}"
    )
