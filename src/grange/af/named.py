"""What a script names: services, parsers and patterns, looked at before they are sent."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Final

from grange.af import cgruconfig
from grange.af.cgruconfig import tell
from grange.plugins import loading
from grange.plugins.contract import PluginError

FALLBACK_SERVICE: Final = "generic"
NO_PARSER: Final = "none"
_PARSER: Final = re.compile(r"""^parser\s*=\s*(['"])(\w*)\1""", re.MULTILINE)


def checkRegExp(pattern: str) -> bool:
    """Whether a text can be a regular expression; an empty one is none."""
    if not pattern:
        return False
    try:
        with warnings.catch_warnings(action="ignore"):  # what a later Python may take otherwise
            re.compile(pattern)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        tell(f'Error: Invalid regular expression pattern "{pattern}": {error}')
        return False
    return True


def checkClass(name: str, folder: str) -> bool:
    """Whether there is a plugin: one that ships, or a file of the CGRU that is installed.

    Args:
        name: of the plugin.
        folder: services or parsers.
    """
    shipped = loading.names("services" if folder == "services" else "parsers")
    return name in shipped or _source(name, folder) is not None


def known_service(name: str) -> str:
    """Give a service by its name, and the one for any program where it is not known."""
    if checkClass(name, "services"):
        return name
    tell(f'Error: Unknown service "{name}", setting to "{FALLBACK_SERVICE}"')
    return FALLBACK_SERVICE


def known_parser(name: str) -> str:
    """Give a parser by its name, and none where it is not known."""
    if name == NO_PARSER or checkClass(name, "parsers"):
        return name
    tell(f'Error: Unknown parser "{name}", setting to "{NO_PARSER}"')
    return NO_PARSER


def usual_parser(service: str) -> str:
    """Give the parser that goes with a service, "" where it has none."""
    source = _source(service, "services")
    if source is not None:
        found = _PARSER.search(source)
        return found[2] if found else ""
    if checkClass(service, "parsers"):
        return service
    try:
        return loading.service_class(service, ()).parser
    except PluginError:
        return ""


def _source(name: str, folder: str) -> str | None:
    """The text of a plugin in the CGRU that is installed here, if one is."""
    root = cgruconfig.VARS.get("AF_ROOT", "")
    if not root or not name.isidentifier():
        return None
    path = Path(root, "python", folder, f"{name}.py")
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # the latter: a path that cannot be one
        return None
