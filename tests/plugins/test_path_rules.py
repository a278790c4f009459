from __future__ import annotations

import msgspec
import pytest

from grange.plugins.path_rules import (
    BadPathMap,
    PathMapSettings,
    check,
    hidden_by,
    path_map,
    platform_of,
)
from grange.plugins.paths import Platform

STUDIO = PathMapSettings(
    windows=(("P:/", "/mnt/p/"), ("//box/prj", "/mnt/prj")),
    macos=(("/Volumes/prj", "/mnt/prj"),),
    all=(("/opt/tools", "/mnt/tools"),),
)


@pytest.mark.parametrize(
    ("system", "platform"),
    [("linux", "linux"), ("freebsd14", "linux"), ("darwin", "macos"), ("win32", "windows")],
)
def test_a_system_has_one_of_three_names(system: str, platform: str) -> None:
    assert platform_of(system) == platform


@pytest.mark.proves("render.path_maps.systems")
@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("windows", ["windows 1", "windows 2", "all 1"]),
        ("macos", ["macos 1", "all 1"]),
        ("linux", ["all 1"]),
    ],
)
def test_a_system_takes_its_own_rules_before_those_of_all(
    platform: Platform, names: list[str]
) -> None:
    found = path_map(STUDIO, platform)
    assert [pair.name for pair in found.pairs] == names
    assert found.platform == platform
    assert found.to_client("/mnt/tools") in ("/opt/tools", r"\opt\tools")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (("P:/",), r"windows 2, \['P:/'\]: write two paths, \[client, server\]"),
        (("P:/", "/a", "/b"), r"windows 2, .*: write two paths, \[client, server\]"),
        (("prj/", "/a"), "windows 2, .*: the client's path is not absolute: begin it with /"),
        (("", "/a"), "the client's path is not absolute"),
        (("P:a", "/a"), "the client's path is not absolute"),
        (("P:/", "~/a"), "the server's path is not absolute: .* a drive such as P:/"),
    ],
)
def test_a_wrong_rule_is_named_with_what_would_be_right(rule: tuple[str, ...], text: str) -> None:
    settings = PathMapSettings(windows=(("P:/", "/mnt/p"), rule))
    with pytest.raises(BadPathMap, match=text):
        check(settings)


@pytest.mark.parametrize(
    "path", ["/", "/a", "//host/share", r"\\host\share", "P:", "P:/", "p:\\a"]
)
def test_every_absolute_path_may_stand_in_a_rule(path: str) -> None:
    check(PathMapSettings(all=((path, path),)))


def test_a_rule_that_never_matches_is_found() -> None:
    rules = path_map(
        PathMapSettings(linux=(("/mnt", "/a"), ("/mnt/prj/", "/b"), ("/m", "/a/c"))), "linux"
    )
    to_server, to_client = rules.server_rules, rules.client_rules()
    assert [hidden_by(to_server, index) for index in range(3)] == [None, to_server[0], None]
    assert [hidden_by(to_client, index) for index in range(3)] == [None, None, to_client[0]]


def test_the_sections_are_those_of_the_systems() -> None:
    with pytest.raises(msgspec.ValidationError, match="window"):
        msgspec.convert({"window": []}, PathMapSettings)
