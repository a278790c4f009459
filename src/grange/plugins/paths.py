"""Path maps: the same files under other names on other machines.

Each machine that submits or renders is a *client*; paths in the farm are the *server's*. What
is submitted is turned from the client's to the server's, what is run back, by rules. A rule
says: what lies below this folder here lies below that folder there.

The rules are those of CGRU's paths map: the first that matches wins; a text may hold many
paths; what has been put in is not looked at again. Nothing here asks on which system it
runs: it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

import msgspec

Platform = Literal["linux", "macos", "windows"]
Form = Literal["posix", "windows"]  # of a path: / only; or either slash, and \ is written

#: Where a path may begin: at the very start, or behind one of these. A drive's colon is none,
#: and what follows a URL's scheme is no path.
_BEGIN: Final = re.compile(
    r"""(?:^|(?<=[\s";=,':<>|&(\[{`]))
        (?:[A-Za-z][\w+.-]+:/{2,} | (?P<path>[A-Za-z]:[\\/] | [\\/]))""",
    re.VERBOSE,
)
#: Where a path ends for sure.
_END: Final = re.compile(r"""[\s";=,':<>|`]|$""")
#: Where one that no rule knows is taken to end: at the latest where another may begin.
_STOP: Final = re.compile(r"""[\s";=,':<>|&(\[{`]|$""")
#: Where one of Windows ends: it may have blanks in it, and \ left in it is of no use elsewhere.
_LONG_END: Final = re.compile(
    r"""["'<>|`\r\n] | [\s;=,:](?=-\S | [(\[{]*(?:[A-Za-z]:)?[\\/]) | $""", re.VERBOSE
)
_BEHIND: Final = r"""[\s";=,':<>|&()\[\]{}`]"""  # what may follow a folder's name
_WINDOWS: Final = re.compile(r"[A-Za-z]:|//")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """In one direction: what lies below `source` lies below `destination`."""

    source: str  #: absolute
    destination: str  #: absolute
    source_form: Form = "posix"
    destination_form: Form = "posix"
    any_case: bool = False  #: letters match whatever their case
    name: str = ""  #: for people

    def end(self, text: str, start: int = 0) -> int:
        """Give where the source ends that begins at a place of a text; -1: it is not there."""
        found = self._pattern.match(text, start)
        return -1 if found is None else found.end()

    def nearly(self, text: str, start: int = 0) -> str:
        """Say why a source does not match that seems to; "" where it is another one."""
        there = tidy(text[start : start + len(self.source) + 1])
        wanted = tidy(self.source)
        if not there.casefold().startswith(wanted.casefold()):
            return ""
        if replace(self, any_case=True).end(text, start) >= 0:
            return "the case of its letters differs"
        if replace(self, source_form="windows").end(text, start) >= 0:
            return "its slashes differ"
        return "a slash must follow" if _is_root(wanted) else "the folder's name goes on"

    def put(self, tail: str) -> str:
        """Give the destination of a path.

        Args:
            tail: of the path, behind the source; it begins with a slash or is empty.
        """
        if tail in ("/", "\\") and _is_root(self.source):
            tail = ""  # a drive's own folder has a slash, another folder need not
        if not tail and _is_root(self.destination):
            tail = "/"
        whole = tidy(self.destination)
        if self.destination_form == "windows":
            return whole.replace("/", "\\") + re.sub("[\\\\/]+", r"\\", tail)
        return whole + (re.sub(r"\\+", "/", tail) if self.source_form == "windows" else tail)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """What finds the source at the begin of a path: itself and what lies below it."""
        folder = tidy(self.source)
        slash = r"[\\/]" if self.source_form == "windows" else "/"
        parts = [re.escape(part) for part in folder.lstrip("/").split("/") if part]
        if folder.startswith("//"):
            head = rf"(?:{slash}{{2}}|\\{{4}})" if self.source_form == "windows" else "//"
        elif _WINDOWS.match(folder):
            head = ""
        else:
            head = rf"{slash}(?!{slash})"
        if _is_root(self.source):
            last = f"(?={slash})" if parts else ""
            head = head if parts else f"(?={slash}(?!{slash}))"
        else:
            last = f"(?={slash}|{_BEHIND}|$)"
        pattern = head + f"{slash}+".join(parts) + last
        return re.compile(pattern, re.IGNORECASE if self.any_case else 0)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A path in a text, and what becomes of it."""

    start: int  #: in the text
    stop: int
    before: str
    after: str
    rule: int = -1  #: index of the rule that has matched; -1 none


def tidy(path: str) -> str:
    """Write a folder as rules hold it: with / between, and none at the end."""
    head = "/" if path[:2] in ("//", "\\\\") else ""
    return head + re.sub(r"[\\/]+", "/", path).rstrip("/")


def places(rules: Sequence[Rule], text: str) -> Iterator[Place]:
    """Find the paths in a text and what becomes of each. Cost: O(text * rules)."""
    resume = 0
    for found in _BEGIN.finditer(text):
        start = found.start("path")
        if start < resume:  # also where there is none: -1
            continue
        index, end = _first(rules, text, start)
        if index < 0:
            stop = _end_of(_STOP, text, found.end())
            before = after = text[start:stop]
        else:
            rule = rules[index]
            strange = rule.source_form == "windows" and rule.destination_form == "posix"
            resume = stop = _end_of(_LONG_END if strange else _END, text, end)
            before, after = text[start:stop], rule.put(text[end:stop])
        yield Place(start=start, stop=stop, before=before, after=after, rule=index)


def map_text(rules: Sequence[Rule], text: str) -> str:
    """Turn every path in a text that a rule knows; all else stays."""
    out, done = [], 0
    for place in places(rules, text):
        if place.rule >= 0:
            out += [text[done : place.start], place.after]
            done = place.stop
    return "".join([*out, text[done:]])


def map_path(rules: Sequence[Rule], path: str) -> str:
    """Turn a text that is one path, whatever characters are in it."""
    index, end = _first(rules, path, 0)
    return path if index < 0 else rules[index].put(path[end:])


def tried(rules: Sequence[Rule], text: str, start: int) -> Iterator[tuple[Rule, bool, str]]:
    """Tell what `places` does at the begin of a path: rule, whether it matches, and why not."""
    for rule in rules:
        matches = rule.end(text, start) >= 0
        yield rule, matches, "" if matches else rule.nearly(text, start)
        if matches:
            return


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A folder, as the client and as the server calls it."""

    client: str
    server: str
    name: str = ""  #: for people, such as "windows 2"


@dataclass(frozen=True)
class PathMap:
    """What one client calls the server's paths.

    Args:
        pairs: in the order in which they are tried.
        platform: of the client.
    """

    pairs: tuple[Pair, ...] = ()
    platform: Platform = "linux"

    def to_server(self, text: str) -> str:
        """Turn the client's paths in a text into the server's."""
        return map_text(self.server_rules, text)

    def to_client(self, text: str, *, unix_separators: bool = False) -> str:
        r"""Turn the server's paths in a text into the client's.

        Args:
            text: to look for paths in.
            unix_separators: write / on Windows, too, for a program that wants it so.
        """
        return map_text(self.client_rules(unix_separators=unix_separators), text)

    def path_to_server(self, path: str) -> str:
        """Turn a text that is one path of the client, blanks and commas in it or not."""
        return map_path(self.server_rules, path)

    @cached_property
    def server_rules(self) -> tuple[Rule, ...]:
        """The rules by which the client's paths become the server's."""
        windows = self.platform == "windows"
        return tuple(
            Rule(
                source=pair.client,
                destination=pair.server,
                source_form="windows" if windows else _form(pair.client),
                any_case=windows,
                name=pair.name,
            )
            for pair in self.pairs
        )

    def client_rules(self, *, unix_separators: bool = False) -> tuple[Rule, ...]:
        """Give the rules by which the server's paths become the client's."""
        return self._rules_with_slash if unix_separators else self._rules_to_client

    @cached_property
    def _rules_to_client(self) -> tuple[Rule, ...]:
        return self._back("windows" if self.platform == "windows" else "posix")

    @cached_property
    def _rules_with_slash(self) -> tuple[Rule, ...]:
        return self._back("posix")

    def _back(self, form: Form) -> tuple[Rule, ...]:
        return tuple(
            Rule(
                source=pair.server,
                destination=pair.client,
                source_form=_form(pair.server),
                destination_form=form,
                name=pair.name,
            )
            for pair in self.pairs
        )


NO_MAP: Final = PathMap()


def _first(rules: Sequence[Rule], text: str, start: int) -> tuple[int, int]:
    """Index of the first rule that matches there, and where its source ends."""
    for index, rule in enumerate(rules):
        end = rule.end(text, start)
        if end >= 0:
            return index, end
    return -1, -1


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.search(text, start)
    return len(text) if found is None else found.start()


def _form(path: str) -> Form:
    return "windows" if _WINDOWS.match(tidy(path)) else "posix"


def _is_root(path: str) -> bool:
    """Whether it is a drive or the root of all."""
    return tidy(path)[1:] in ("", ":")
