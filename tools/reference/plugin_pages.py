"""The page of services and parsers, from their classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from grange.plugins import loading
from grange.plugins.program_service import ProgramService
from grange.plugins.service import Service
from tools.reference import markdown as md
from tools.reference.source import summary


def plugins_page() -> str:
    """Write docs/reference/plugins.md."""
    return md.page(
        "Services and parsers",
        ["plugins/services", "plugins/parsers", "plugins/resources"],
        "A block names the *service* that runs its command and, if the service's own is not the"
        " right one, the *parser* that reads its output. These ship; a studio adds its own:"
        " [write a service](../how-to/write-a-service.md),"
        " [write a parser](../how-to/write-a-parser.md).",
        "## Services",
        "A worker offers a service if it finds its program: by one of the names, on its PATH,"
        " else where the program's installer puts it. The first word of a command is replaced"
        " by what was found if it is one of the names; any other command is run as it is.",
        _services(),
        "## Parsers",
        "Every parser reads `ACTIVITY: `, `REPORT: ` and the tags of images as well. *ends the"
        " run*: texts, in any case of letters, at which the program is ended; the run has failed.",
        _parsers(),
        "## Custom resources",
        "Classes that measure more of a machine, where `resources_classes` in its"
        " [settings](settings.md#the-machine) names them:"
        " [measure more](../how-to/measure-more.md).",
        _resources(),
    )


def _services() -> str:
    kinds = {name: loading.service_class(name, ()) for name in loading.names("services")}
    rows = (
        (md.code(name), _first(kind), _words(_programs(kind)), md.code(kind.parser))
        for name, kind in kinds.items()
    )
    return md.table(("service", "what it does", "program", "parser"), rows)


def _programs(kind: type[Service]) -> Iterable[str]:
    if issubclass(kind, ProgramService) or kind.program_names:
        return kind.program_names
    return ("any",)


def _parsers() -> str:
    used: dict[str, list[str]] = defaultdict(list)
    for name in loading.names("services"):
        used[loading.service_class(name, ()).parser].append(name)
    rows = []
    for name in loading.names("parsers"):
        kind = loading.parser_class(name, ())
        parser = kind()
        ends = [*parser.str_fatalerror, *parser.str_error]
        rows.append((md.code(name), _first(kind), _words(used[name]), _words(ends)))
    return md.table(("parser", "what it reads", "default of", "ends the run"), rows)


def _resources() -> str:
    rows = (
        (md.code(name), _first(loading.resource_class(name, ())))
        for name in loading.names("resources")
    )
    return md.table(("class", "what it shows"), rows)


def _first(kind: type) -> str:
    return md.sentence(summary(kind))


def _words(words: Iterable[str]) -> str:
    unique = dict.fromkeys(words)
    return ", ".join(md.code(word) if word != "any" else "any" for word in unique)
