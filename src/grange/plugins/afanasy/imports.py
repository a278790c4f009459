"""Makes `from parsers import parser`, `from services import service` and the like work.

Modules of that name are the studio's own files, then what ships, by Afanasy's names: module
`parsers.nuke` has class `nuke`. They stand before any other module of the name, for instance
that of an installed CGRU, whose base classes Grange could not run.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from typing_extensions import override

from grange.plugins.afanasy.parser import parser
from grange.plugins.afanasy.resbase import resbase
from grange.plugins.afanasy.service import service

BASES: Final[dict[str, type]] = {
    "parsers.parser": parser,
    "services.service": service,
    "resources.resbase": resbase,
}
KINDS: Final[dict[str, type]] = {"parsers": parser, "services": service, "resources": resbase}


class Imports(MetaPathFinder, Loader):
    """Finds the modules.

    Args:
        shipped: gives the class of a kind and a name that ships; LookupError if none does.
    """

    def __init__(self, shipped: Callable[[Any, str], type]) -> None:
        self.folders: tuple[str, ...] = ()
        self.kinds = {"parsers", "services"}  # `resources` is a name of many other modules
        self._shipped = shipped

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Say how a module is made; None if it is not of ours."""
        kind, _, name = fullname.partition(".")
        if fullname == "resbase" and "resources" in self.kinds:
            return ModuleSpec(fullname, self, loader_state=resbase)
        if kind not in self.kinds:
            return None
        if not name:
            return ModuleSpec(fullname, self, is_package=True)
        for folder in self.folders:
            file = Path(folder, kind, f"{name}.py")
            if fullname not in BASES and file.is_file():
                return importlib.util.spec_from_file_location(fullname, file)
        try:
            return ModuleSpec(fullname, self, loader_state=self._class(kind, name))
        except LookupError:
            return None

    def _class(self, kind: str, name: str) -> type:
        base = BASES.get(f"{kind}.{name}")
        if base is not None:
            return base
        shipped = self._shipped(kind, name)
        if issubclass(shipped, KINDS[kind]):
            return type(name, (shipped,), {"__module__": __name__})
        # derived from both, so that taskInfo and what ships are there
        return type(name, (KINDS[kind], shipped), {"__module__": __name__})

    @override
    def exec_module(self, module: ModuleType) -> None:
        """Put the class in its module."""
        spec = module.__spec__
        if spec is not None and spec.loader_state is not None:
            setattr(module, spec.name.rpartition(".")[2], spec.loader_state)


def install(shipped: Callable[[Any, str], Any], folders: Sequence[str], kind: str) -> None:
    """Let studio files import by Afanasy's names.

    Args:
        shipped: see `Imports`.
        folders: of a studio's plugins; they replace those of an earlier call.
        kind: of the files that are imported from now on.
    """
    found = next((item for item in sys.meta_path if isinstance(item, Imports)), None)
    if found is None:
        found = Imports(shipped)
        sys.meta_path.insert(0, found)
    found.folders = tuple(folders)
    found.kinds.add(kind)
