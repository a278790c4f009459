"""The path map as people write it: the section `[path_map]` of settings.toml.

    [path_map]
    windows = [["P:/", "/mnt/p/"], ["//server/projects/", "/mnt/prj/"]]
    macos = [["/Volumes/prj/", "/mnt/prj/"]]

Each rule is [client, server]. A machine takes the rules of its own system first, then `all`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

import msgspec

from grange.plugins.paths import Pair, PathMap, Platform, Rule, tidy

SECTION: Final = "path_map"
PLATFORMS: Final[tuple[Platform, ...]] = get_args(Platform)
_SYSTEMS: Final[dict[str, Platform]] = {
    "win32": "windows",
    "cygwin": "windows",
    "darwin": "macos",
}
_RIGHT: Final = "begin it with /, a drive such as P:/, or //server/share"


class BadPathMap(Exception):
    """A rule cannot be as it is; the text names it and says what would be right."""


class PathMapSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of all systems; each is [client, server], and the first that matches wins."""

    linux: tuple[tuple[str, ...], ...] = ()  #: for clients on Linux
    macos: tuple[tuple[str, ...], ...] = ()  #: for clients on macOS
    windows: tuple[tuple[str, ...], ...] = ()  #: for clients on Windows
    all: tuple[tuple[str, ...], ...] = ()  #: for every client, after its system's own


def platform_of(system: str) -> Platform:
    """Name a system in our words.

    Args:
        system: as `sys.platform` has it.
    """
    return _SYSTEMS.get(system, "linux")


def path_map(settings: PathMapSettings, platform: Platform) -> PathMap:
    """Give the map of one system's clients.

    Raises:
        BadPathMap: a rule cannot be as it is.
    """
    pairs = (*_pairs(settings, platform), *_pairs(settings, "all"))
    return PathMap(pairs, platform)


def check(settings: PathMapSettings) -> None:
    """Check the rules of all systems.

    Raises:
        BadPathMap: one of them cannot be as it is.
    """
    for platform in PLATFORMS:
        path_map(settings, platform)


def hidden_by(rules: tuple[Rule, ...], index: int) -> Rule | None:
    """Give the rule because of which another one never matches; None when there is none."""
    source = tidy(rules[index].source) or "/"
    return next((rule for rule in rules[:index] if rule.end(f"{source}/") >= 0), None)


def _pairs(settings: PathMapSettings, section: str) -> Iterator[Pair]:
    rules: tuple[tuple[str, ...], ...] = getattr(settings, section)
    for number, rule in enumerate(rules, 1):
        name = f"{section} {number}"
        where = f"{SECTION}: rule {name}, {list(rule)}"
        if len(rule) != 2:
            raise BadPathMap(f"{where}: write two paths, [client, server]")
        for whose, path in zip(("client's", "server's"), rule, strict=True):
            if not _is_absolute(path):
                raise BadPathMap(f"{where}: the {whose} path is not absolute: {_RIGHT}")
        yield Pair(client=rule[0], server=rule[1], name=name)


def _is_absolute(path: str) -> bool:
    folder = path.replace("\\", "/")
    return folder.startswith("/") or (
        folder[:1].isalpha() and folder[1:2] == ":" and folder[2:3] in ("", "/")
    )
