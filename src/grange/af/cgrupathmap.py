"""What this machine calls the farm's paths: CGRU's `pathsmap`, then Grange's own path map."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import Any, Final

from grange.af import cgruconfig
from grange.af.cgruconfig import tell
from grange.client import path_map
from grange.client.errors import UnusablePathMap
from grange.plugins import paths
from grange.plugins.path_rules import platform_of
from grange.plugins.paths import Pair


class PathMap:
    """Turns the client's paths into the server's, and back.

    Args:
        UnixSeparators: write / on Windows, too.
        Verbose: print what is turned.
    """

    def __init__(self, UnixSeparators: bool = False, Verbose: bool = False) -> None:
        self.UnixSeparators = UnixSeparators
        self.verbose = Verbose

    def toServer(self, path: str, Verbose: bool = False) -> str:
        """Turn the client's paths in a text into the server's."""
        return self._told(path, _map().to_server(path), Verbose)

    def toClient(self, path: str, Verbose: bool = False) -> str:
        """Turn the server's paths in a text into the client's."""
        after = _map().to_client(path, unix_separators=self.UnixSeparators)
        return self._told(path, after, Verbose)

    def fileToServer(self, path: str) -> str:
        """Turn a text that is one path, whatever characters are in it."""
        return self._told(path, _map().path_to_server(path), False)

    def _told(self, before: str, after: str, verbose: bool) -> str:
        if before != after and (verbose or self.verbose):
            print(f"Paths mapped:\n{before}\n{after}")
        return after


Pathmap: Final = PathMap()


def _map() -> paths.PathMap:
    """The map as the variables are now."""
    return _made(_pairs(cgruconfig.VARS.get("pathsmap", ())), _own())


@functools.lru_cache(maxsize=8)
def _made(pairs: tuple[Pair, ...], own: tuple[Pair, ...]) -> paths.PathMap:
    return paths.PathMap(pairs + own, platform_of(sys.platform))


def _pairs(rules: Sequence[Any]) -> tuple[Pair, ...]:
    found = []
    for number, rule in enumerate(rules, 1):
        pair = rule if isinstance(rule, list | tuple) else ()
        if len(pair) == 2 and all(isinstance(path, str) and path for path in pair):
            found.append(Pair(client=rule[0], server=rule[1], name=f"pathsmap {number}"))
        else:
            tell(f"Error: rule {number} of pathsmap is not [client, server]: {rule!r}")
    return tuple(found)


def _own() -> tuple[Pair, ...]:
    """The rules in Grange's settings on this machine."""
    try:
        return path_map.find().pairs
    except UnusablePathMap as error:
        tell(f"Error: {error}")
        return ()
