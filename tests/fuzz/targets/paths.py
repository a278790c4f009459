"""Texts with paths in them, which come with jobs, and the rules of a path map."""

from __future__ import annotations

from grange.client import path_map
from grange.client.errors import UnusablePathMap
from grange.plugins.path_rules import PLATFORMS, BadPathMap, PathMapSettings, check
from grange.plugins.path_rules import path_map as map_of
from grange.plugins.paths import PathMap, places, tried
from tests.fuzz.place import kept
from tests.fuzz.target import Target, narrow, text

RULES = (("P:/", "/mnt/p"), ("//box/prj", "/mnt/prj/"), ("/a", "X:/"), ("Z:/", "/"))
FILE = b"[path_map]\nwindows = [['P:\\', '/mnt/p'], ['//box/prj', '/mnt/prj']]\nall = []\n"


def told(paths: PathMap, said: str) -> None:
    """A text is turned, and what is told of it fits what is done."""
    for rules, made in (
        (paths.server_rules, paths.to_server(said)),
        (paths.client_rules(), paths.to_client(said)),
    ):
        found = list(places(rules, said))
        for place in found:
            assert said[place.start : place.stop] == place.before
            assert any(item[1] for item in tried(rules, said, place.start)) == (place.rule >= 0)
        if all(place.rule < 0 for place in found):
            assert made == said


def command(data: bytes) -> None:
    """A text with paths, on every system."""
    for platform in PLATFORMS:
        told(map_of(PathMapSettings(all=RULES), platform), text(data))


def rule(data: bytes) -> None:
    """The paths of a rule, each in a line."""
    check(PathMapSettings(windows=(tuple(text(data).split("\n")),)))


def file(data: bytes) -> None:
    """The section of settings.toml."""
    found = path_map.read(kept("path-map.toml", data))
    check(found)


TARGETS = (
    Target(
        name="paths in a text",
        parse=command,
        reaches=("grange.plugins.paths:places", "grange.plugins.paths:Rule.end"),
        seeds=(
            b'nuke -x "P:\\my show\\a.nk" -o //box/prj/b;/a/c',
            b"/mnt/p/a http://box/prj p:\\\\a",
            b"\\\\\\\\box\\\\prj\\\\x (P:/a) X:/y",
        ),
        grows=(
            lambda size: b"P:\\a" + b" " * size,
            lambda size: b"P:\\a" + b" (" * (size // 2),
            lambda size: b"a" * size + b"://",
            lambda size: b" /mnt/p" * (size // 7),
            lambda size: b"(/" * (size // 2),
        ),
        memory=4_000,
        work=240,
    ),
    Target(
        name="rule of a path map",
        parse=rule,
        reaches=("grange.plugins.path_rules:_is_absolute",),
        refuses=(BadPathMap,),
        seeds=(b"P:/\n/mnt/p", b"//h/s/\nC:\\x", b"/\nZ:", b"/a"),
        found=(b"\xff",),
    ),
    narrow(
        name="path map in settings.toml",
        parse=file,
        reaches=("grange.client.path_map:read",),
        refuses=(UnusablePathMap,),
        seeds=(FILE, b"", b"path_map = 3", b"[path_map]\nall = [['a', '/b']]"),
        found=(b"a = " + b"[" * 5_000, b"\xff"),
    ),
)
