from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grange.plugins.paths import (
    NO_MAP,
    Pair,
    PathMap,
    Platform,
    Rule,
    map_path,
    map_text,
    places,
    tidy,
    tried,
)
from tests.plugins.build import vectors

#: The example of CGRU's manual, chapter "Paths Map".
MANUAL = (
    ("P:/", "/ps/prj/"),
    ("//box/project/", "/ps/prj/"),
    ("Q:/", "/ps/prj2/"),
    ("//box2/project/", "/ps/prj2/"),
    ("//sun/libs/", "/ps/lib/"),
    ("//sun/vault/", "/ps/vault/"),
    ("T:/", "/ps/etc/"),
    ("c:/ps/", "/ps/"),
    ("c:/temp/", "/tmp/"),
)
#: Where CGRU goes beyond the folder that a rule names, we do not.
BEYOND_THE_FOLDER = "/data/xyz/file"


def a_map(*pairs: tuple[str, str], platform: Platform = "windows") -> PathMap:
    return PathMap(tuple(Pair(client=one, server=other) for one, other in pairs), platform)


WINDOWS = a_map(*MANUAL)
LINUX = a_map(("/mnt/prj", "/data/prj"), ("/mnt/tools/", "/data/tools/"), platform="linux")


@pytest.mark.proves("render.path_maps.pairs")
@pytest.mark.parametrize(
    "vector", vectors("afanasy_path_maps.json"), ids=lambda vector: vector["input"]["path"]
)
def test_paths_become_what_cgru_makes_of_them(vector: dict[str, Any]) -> None:
    given = vector["input"]
    found = a_map(*given["pathsmap [client,server]"], platform=given["platform"])
    if given["call"] == "toServer":
        made = found.to_server(given["path"])
    else:
        made = found.to_client(given["path"], unix_separators=given["unix_separators"])
    assert made == (given["path"] if given["path"] == BEYOND_THE_FOLDER else vector["output"])


@pytest.mark.proves("render.path_maps.either_slash", "render.path_maps.any_case")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("P:/a.nk", "/ps/prj/a.nk"),
        (r"p:\Show\a.nk", "/ps/prj/Show/a.nk"),
        (r"P:\show/mixed\a.nk", "/ps/prj/show/mixed/a.nk"),
        (r"P:\\twice\\written", "/ps/prj/twice/written"),
        (r"\\BOX\Project\a.nk", "/ps/prj/a.nk"),
        (r"\\\\box\\project\\a.nk", "/ps/prj/a.nk"),
        ("//Box2/project/a.nk", "/ps/prj2/a.nk"),
        (r"\\box\project", "/ps/prj"),
        ("C:/PS/lib/a", "/ps/lib/a"),
        (r'"P:\my show\a b.nk" -x', '"/ps/prj/my show/a b.nk" -x'),
        (r"P:\my show\a.nk", "/ps/prj/my show/a.nk"),
        (r"P:\R&D\take=2,b\a.nk", "/ps/prj/R&D/take=2,b/a.nk"),
        (r"P:\show (old) - x\a.nk -b \n", r"/ps/prj/show (old) - x/a.nk -b \n"),
        (r"P:\a;Q:\b,T:\c", "/ps/prj/a;/ps/prj2/b,/ps/etc/c"),
        (r"-file=P:\a -o:T:\b -s 1", "-file=/ps/prj/a -o:/ps/etc/b -s 1"),
        (r"tool <P:\in >Q:\out 2>T:\err", "tool </ps/prj/in >/ps/prj2/out 2>/ps/etc/err"),
        (r"""py -c "open('P:\\a.txt')" """, """py -c "open('/ps/prj/a.txt')" """),
        ("{P:/a} [Q:/b] (T:/c)", "{/ps/prj/a} [/ps/prj2/b] (/ps/etc/c)"),
        ("P:/a\tQ:/b\nT:/c", "/ps/prj/a\t/ps/prj2/b\n/ps/etc/c"),
    ],
)
def test_a_windows_client_writes_as_it_likes(text: str, wanted: str) -> None:
    assert WINDOWS.to_server(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", '"', "a", "P", "P:", "P:a.nk", "-s P:", "render -x @####@ {frame}"),
        *("xP:/a", "-iP:/a", "a/P:/b", "//box/projects/a", "//box/project2", "c:/psx/a"),
        *("http://box/project/a", "file:///P:/a", "rtmp://box/project/"),
        r"D:\own\a.nk \\other\share\a",
    ],
)
def test_what_no_rule_knows_stays(text: str) -> None:
    assert WINDOWS.to_server(text) == text


@pytest.mark.proves("render.path_maps.unix_separators")
@pytest.mark.parametrize(
    ("text", "backslashes", "slashes"),
    [
        ("/ps/prj/a/b.nk", r"P:\a\b.nk", "P:/a/b.nk"),
        ("/ps/prj", "P:\\", "P:/"),
        ("/ps/lib", r"\\sun\libs", "//sun/libs"),
        ("/ps//lib///x", r"\\sun\libs\x", "//sun/libs///x"),
        ("/ps/prj2/x;/ps/vault/y", r"Q:\x;\\sun\vault\y", "Q:/x;//sun/vault/y"),
        ("/ps/prj3/x", r"c:\ps\prj3\x", "c:/ps/prj3/x"),
        ("'/ps/etc/a'", r"'T:\a'", "'T:/a'"),
    ],
)
def test_a_windows_client_gets_its_own_paths(text: str, backslashes: str, slashes: str) -> None:
    assert WINDOWS.to_client(text) == backslashes
    assert WINDOWS.to_client(text, unix_separators=True) == slashes


@pytest.mark.parametrize(
    "text",
    [
        *("C:/ps/prj", "http://ps/prj/a", "x/ps/prj", "-o/ps/prj", "./ps/prj", "//ps/prj"),
        *("/PS/prj", r"\ps\prj", "/psx/prj"),
    ],
)
def test_a_part_of_another_word_is_no_path(text: str) -> None:
    assert WINDOWS.to_client(text) == text


def test_a_rule_is_for_a_folder_with_or_without_a_slash_at_its_end() -> None:
    assert LINUX.to_server("/mnt/prj/a /mnt/tools /mnt/projects") == (
        "/data/prj/a /data/tools /mnt/projects"
    )
    assert LINUX.to_client("/data/prj /data/tools/x") == "/mnt/prj /mnt/tools/x"


def test_a_backslash_is_a_slash_on_windows_only() -> None:
    line = r"/mnt/prj/my\ show/a\n"
    assert LINUX.to_server(line) == r"/data/prj/my\ show/a\n"


@pytest.mark.proves("render.path_maps.any_case")
def test_case_counts_but_for_what_a_windows_client_sends() -> None:
    assert LINUX.to_server("/MNT/prj/a") == "/MNT/prj/a"
    assert a_map(("/srv", "X:/"), platform="linux").to_client("x:/a") == "x:/a"


def test_a_server_may_have_paths_of_windows() -> None:
    linux = a_map(("/array/X/", "X:/"), ("/mnt/prj", "//server/prj"), platform="linux")
    assert linux.to_client(r"X:\Test\a b.nk,\\server\prj\c") == "/array/X/Test/a b.nk,/mnt/prj/c"
    assert linux.to_server("/mnt/prj/c") == "//server/prj/c"


def test_a_root_is_a_folder_too() -> None:
    wine = a_map(("Z:/", "/"))
    assert wine.to_server(r"Z:\home\ada Z:") == "/home/ada Z:"
    assert wine.to_client("/home/ada") == r"Z:\home\ada"
    assert wine.to_client("/ //host/share") == "Z:\\ //host/share"


def test_the_first_rule_that_matches_wins() -> None:
    one, other = ("/mnt", "/a"), ("/mnt/prj", "/b")
    assert a_map(one, other, platform="linux").to_server("/mnt/prj/x") == "/a/prj/x"
    assert a_map(other, one, platform="linux").to_server("/mnt/prj/x") == "/b/x"


def test_what_has_been_put_in_is_not_looked_at_again() -> None:
    grows = a_map(("/projects", "/mnt/projects"), ("/mnt", "/x/mnt"), platform="linux")
    assert grows.to_server("/projects/a:/projects/b") == "/mnt/projects/a:/mnt/projects/b"


def test_a_text_that_is_one_path_is_turned_whole() -> None:
    rules = WINDOWS.client_rules()
    assert map_path(rules, "/ps/prj/a b,c='d'/e f.nk") == r"P:\a b,c='d'\e f.nk"
    assert map_text(rules, "/ps/prj/a b/c") == r"P:\a b/c"
    assert WINDOWS.path_to_server(r'P:\a "b" -x \c.nk') == '/ps/prj/a "b" -x /c.nk'
    assert WINDOWS.path_to_server("see P:/a") == "see P:/a"


def test_without_rules_all_stays() -> None:
    assert NO_MAP.to_server(r"P:\a /b") == NO_MAP.to_client(r"P:\a /b") == r"P:\a /b"


def test_a_rule_may_say_by_itself_what_it_matches() -> None:
    """As other programs' rules do: the form of the source says how it is compared."""
    exact = Rule(source="/mnt/prj", destination="/data")
    loose = Rule(source=r"C:\prj", destination="/d", source_form="windows", any_case=True)
    assert map_path([loose, exact], "c:/PRJ/a") == "/d/a"
    assert map_path([loose, exact], r"/mnt/prj\a") == r"/mnt/prj\a"


def test_it_is_told_which_rules_were_tried_and_why_not() -> None:
    rules = a_map(("/mnt/Prj", "/a"), ("/mnt/pr", "/b"), ("/mnt/prj", "/c"), platform="linux")
    said = [(why, yes) for _, yes, why in tried(rules.server_rules, "-o /mnt/prj/x", 3)]
    assert said == [
        ("the case of its letters differs", False),
        ("the folder's name goes on", False),
        ("", True),
    ]


@pytest.mark.parametrize(
    ("rule", "text", "why"),
    [
        (Rule(source="/mnt", destination="/x"), r"\mnt\a", "its slashes differ"),
        (Rule(source="P:/", destination="/x"), "P:", "a slash must follow"),
        (Rule(source="/mnt", destination="/x"), "/home", ""),
    ],
)
def test_what_nearly_matches_is_said(rule: Rule, text: str, why: str) -> None:
    assert rule.end(text) == -1
    assert rule.nearly(text) == why


def test_a_path_that_no_rule_knows_is_found_whole() -> None:
    found = list(places(WINDOWS.server_rules, r"-o D:\a\b -x /c"))
    assert [(item.before, item.rule) for item in found] == [("D:\\a\\b", -1), ("/c", -1)]


# --- properties

UNHURRIED = settings(deadline=None)

NAMES = st.text("abXY01._-", min_size=1, max_size=6).filter(lambda name: name.strip(".-"))
TAILS = st.lists(NAMES, max_size=4).map(lambda names: "".join(f"/{name}" for name in names))
TEXTS = st.text(r"""aPp:/\\ ;=,'"x-|<(\n""", max_size=60)


@st.composite
def unambiguous(draw: st.DrawFn) -> PathMap:
    """Different folders, none in another, on a client whose paths are none of the server's."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower))
    platforms: tuple[Platform, ...] = ("linux", "macos", "windows")
    platform = draw(st.sampled_from(platforms))
    heads = ("//host/", "D:/") if platform == "windows" else ("/client/", "/mnt/client/")
    pairs = [(f"{draw(st.sampled_from(heads))}{name}/", f"/server/{name}/") for name in names]
    return a_map(*pairs, platform=platform)


@UNHURRIED
@given(unambiguous(), TAILS, st.booleans(), st.data())
def test_what_goes_to_a_client_comes_back_the_same(
    paths: PathMap, tail: str, slashes: bool, data: st.DataObject
) -> None:
    pair = data.draw(st.sampled_from(paths.pairs))
    path = tidy(pair.server) + tail
    there = paths.to_client(path, unix_separators=slashes)
    assert there != path
    assert paths.to_server(there) == path
    assert paths.path_to_server(there) == path


@UNHURRIED
@given(unambiguous(), TAILS, st.data())
def test_what_is_turned_is_not_turned_again(
    paths: PathMap, tail: str, data: st.DataObject
) -> None:
    pair = data.draw(st.sampled_from(paths.pairs))
    there = paths.to_server(tidy(pair.client) + tail)
    assert paths.to_server(there) == there
    back = paths.to_client(there)
    assert paths.to_client(back) == back


@UNHURRIED
@given(TEXTS)
def test_any_text_without_rules_stays(text: str) -> None:
    assert NO_MAP.to_server(text) == text


@UNHURRIED
@given(TEXTS)
def test_what_lies_between_the_paths_of_any_text_stays(text: str) -> None:
    rules = a_map(("P:/", "/ps"), ("/x", "/y/"), ("//a/p", "/q")).server_rules
    made, done = "", 0
    for place in places(rules, text):
        if place.rule >= 0:
            assert done <= place.start < place.stop <= len(text)
            assert text[place.start : place.stop] == place.before
            assert re.match(r"P:|/x|[\\/]{2}a", place.before.replace("\\", "/"), re.IGNORECASE)
            made += text[done : place.start] + place.after
            done = place.stop
    assert made + text[done:] == map_text(rules, text)


@UNHURRIED
@given(unambiguous(), st.lists(TAILS, min_size=1, max_size=4), st.sampled_from(" ;,=\n|"))
def test_each_of_several_paths_is_turned_as_if_alone(
    paths: PathMap, tails: list[str], between: str
) -> None:
    texts = [tidy(paths.pairs[0].server) + tail for tail in tails]
    alone = [paths.to_client(text) for text in texts]
    assert paths.to_client(between.join(texts)) == between.join(alone)
    assert paths.to_server(between.join(alone)) == between.join(texts)


def test_a_long_text_takes_no_longer_than_it_is_long() -> None:
    """Its cost is counted, not its time: each place is looked at once."""
    text = "/x " * 5_000 + " " * 5_000 + "/" * 5_000
    assert sum(1 for _ in places(a_map(("/x", "/y")).server_rules, text)) == 5_001


def test_paths_that_no_rule_knows_do_not_overlap() -> None:
    rules = PathMap((Pair(client="/a", server="/b"),)).server_rules
    found = list(places(rules, "/x(/y(/a/z [/q"))
    assert [(place.before, place.after) for place in found] == [
        ("/x", "/x"),
        ("/y", "/y"),
        ("/a/z", "/b/z"),
        ("/q", "/q"),
    ]
