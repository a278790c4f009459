"""What this machine can render, as the services themselves find it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from grange.plugins.service import Service
from grange.worker.doctor.apart import Hangs, NoAnswer, Question
from grange.worker.doctor.finding import Finding, ok, warning, wrong

ANSWER_S: Final = 90.0  # for all programs to tell their versions, from a cold network disk
NAMES_MAX: Final = 4  # of services named in one line


def services(folders: Sequence[str] = ()) -> list[Finding]:
    """Ask every service for its program.

    Args:
        folders: of a studio's own services.
    """
    try:
        found = Question("services", list(folders)).answer(dict[str, str], ANSWER_S)
    except Hangs:
        text = f"the services do not find their programs within {ANSWER_S:.0f} s"
        return [wrong("programs", text, "see whether the disk with the programs answers")]
    except NoAnswer as error:
        advice = "see the plugins that are not Grange's own"
        return [wrong("programs", f"the services break: {error}", advice)]
    return findings(found)


def findings(found: Mapping[str, str]) -> list[Finding]:
    """Say it: a line for each program, with the services that use it.

    Args:
        found: service -> what it has found.
    """
    services_of: defaultdict[str, list[str]] = defaultdict(list)
    for service, text in found.items():
        services_of[text].append(service)
    anything = services_of.pop(Service.found(), [])
    lines = [ok(_names(names), text) for text, names in sorted(services_of.items())]
    if anything:
        lines.append(ok("any command", f"by {', '.join(sorted(anything))}"))
    if not services_of:
        lines.append(
            warning(
                "programs",
                "no renderer is found: tasks run here by service generic only",
                "install one, and put its folder on the worker's PATH",
            )
        )
    return lines


def _names(services: Sequence[str]) -> str:
    """The shortest names first: blender before blender_internal."""
    ordered = sorted(services, key=lambda name: (len(name), name))
    more = len(ordered) - NAMES_MAX
    return ", ".join(ordered[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")
