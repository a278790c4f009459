"""Pages from the farm's core: commands, events, errors and reasons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from grange.client.errors import GrangeError
from grange.core import commands, effects, events, farm, why
from grange.core.errors import Rejected
from grange.model.frames import FramesError
from grange.model.states import Role
from grange.plugins.contract import PluginError
from grange.server.config import BadSetting
from grange.server.permissions import RIGHTS, Act, Deed, Reach
from grange.server.refusal import Refusal, answer
from grange.server.state_dir import StateDirUnsafe
from grange.store.store import StoreError
from grange.wire.codec import WireError
from grange.wire.join import BadJoinCode
from grange.worker.errors import WorkerCannotRun
from tools.reference import markdown as md
from tools.reference.fields import fields_of, usual_meaning
from tools.reference.source import SOURCE, codes_in, paragraphs, subclasses, summary
from tools.reference.what_to_do import CLIENT, LAST_RESORT, LINK, WATCH, WHAT_TO_DO

_ROLES = ("submit", "viewer", "artist", "wrangler", "admin")
_REACH = {Reach.NONE: "", Reach.OWN: "own", Reach.ALL: "all"}


def commands_page() -> str:
    """Write docs/reference/commands.md."""
    kinds = get_args(commands.Command)
    parts = []
    for kind in kinds:
        parts += [f"### {kind.__name__}", " ".join(paragraphs(kind)), _fields(kind)]
        parts.append(_rule(kind))
    return md.page(
        "Commands",
        ["core/commands.py", "server/permissions.py"],
        "All that can be asked of a farm. Every door, the worker link and every timer builds"
        " these; `Farm.apply` carries them out, wholly or not at all.",
        "## Who may do what",
        "*own*: the sender's own jobs, or the machine that belongs to the sender. A machine"
        " (role `worker`) holds its link and may do nothing else. Commands that are not listed"
        " are reports of machines.",
        _rights(),
        "Whom a machine belongs to may change its `nimby` and nothing else of it. An artist"
        " cannot give his job to another user.",
        "## The commands",
        *parts,
        "## Replies",
        *(_structs([commands.Submitted, commands.Restored, commands.Joined])),
    )


def _rule(kind: type) -> str:
    rule = farm.RULES[kind]
    place = f"src/{rule.__module__.replace('.', '/')}.py"
    return f"Rule: `{rule.__name__}` in [{place}](../../{place})."


def _rights() -> str:
    rows = []
    for deed, reaches in RIGHTS.items():
        cells = [_REACH[getattr(reaches, Role(role).value)] for role in _ROLES]
        rows.append((_deed(deed), *cells))
    return md.table(["", *_ROLES], rows)


def _deed(deed: Deed) -> str:
    return deed.value if isinstance(deed, Act) else md.code(deed.__name__)


def _fields(kind: type) -> str:
    rows = [
        (
            md.code(field.encode_name),
            md.kind_text(field.type),
            md.default(field),
            md.sentence(usual_meaning(kind, field.name)),
        )
        for field in fields_of(kind)
    ]
    return md.table(["field", "type", "default", "meaning"], rows)


def _structs(kinds: Iterable[type]) -> list[str]:
    return [
        part for kind in kinds for part in (f"### {kind.__name__}", summary(kind), _fields(kind))
    ]


def events_page() -> str:
    """Write docs/reference/events.md."""
    return md.page(
        "Events and effects",
        ["core/events.py", "core/effects.py"],
        "A command gives events, effects and a reply. They are acted on only when all that"
        " the command changed is on disk.",
        "## Events",
        "What happened, for those who watch. An event is a hint to look: the state is the truth.",
        _brief(get_args(events.Event)),
        "## Effects",
        "What the server has to do outside of the farm.",
        _brief(get_args(effects.Effect)),
    )


def _brief(kinds: Iterable[type]) -> str:
    rows = [
        (
            md.code(kind.__name__),
            summary(kind),
            ", ".join(md.code(field.encode_name) for field in fields_of(kind)),
        )
        for kind in kinds
    ]
    return md.table(["", "it says", "it carries"], rows)


def errors_page() -> str:
    """Write docs/reference/errors.md."""
    return md.page(
        "Errors",
        ["core/errors.py", "server/refusal.py", "worker/errors.py"],
        "Every refused request is answered in one shape. `code` is stable: scripts may compare"
        " it. `message` is for people and may change.",
        '```json\n{"error": {"code": "invalid-field", "message": "a block needs frames, such as'
        ' 1-100, or tasks",\n           "field": "blocks[0].frames", "hint": ""}}\n```',
        "## What the farm refuses",
        "Nothing has changed then.",
        _refusals(subclasses(Rejected)),
        "## What the server refuses before it",
        _refusals(subclasses(Refusal)),
        "And when something else is wrong:",
        md.table(["code", "status", "when"], LAST_RESORT),
        "## What a worker is told instead of a welcome",
        md.table(["code", "when"], LINK),
        "## What a watcher is told",
        md.table(["code", "when"], WATCH),
        "## What does not start, or stops",
        "These have no code; their text is the sentence for people.",
        _classes(
            WorkerCannotRun,
            StoreError,
            BadSetting,
            StateDirUnsafe,
            WireError,
            BadJoinCode,
            PluginError,
            FramesError,
        ),
        "## What the Python client raises",
        _classes(GrangeError),
        "An `ApiError` has the code of the refusal, or one of the client's own:",
        md.table(["code", "when"], CLIENT),
    )


def _refusals(kinds: Iterable[type]) -> str:
    rows = []
    for kind in kinds:
        if "code" not in vars(kind):
            continue
        status = answer(kind("text"))[0]
        rows.append((md.code(vars(kind)["code"]), str(status), summary(kind)))
    return md.table(["code", "status", "when"], rows)


def _classes(*roots: type) -> str:
    rows = []
    for root in roots:
        for kind in (root, *subclasses(root)):
            place = kind.__module__.removeprefix("grange.")
            rows.append((md.code(kind.__name__), md.code(place), summary(kind)))
    return md.table(["exception", "of", "when"], rows)


def reasons_page() -> str:
    """Write docs/reference/reasons.md."""
    return md.page(
        "Why is it not running?",
        ["core/why.py"],
        "The answer to *why* for a job, block, task or worker is a sentence and a list of"
        " reasons. It asks the very functions that decide who runs what, so that answer and"
        " decision agree. Codes are stable.",
        "## What holds work back, whatever the workers",
        _reasons(why.GATES),
        "## Why a worker does not take it",
        "The sentence says how many workers, and names a few.",
        _reasons(why.REFUSALS),
        "## Other answers",
        _reasons(dict.fromkeys(sorted(other_reasons()), "")),
    )


def other_reasons() -> set[str]:
    """Codes in `why.py` beside those of its two tables."""
    said = codes_in(SOURCE / "grange" / "core" / "why.py")
    return {*said, "starting"} - why.GATES.keys() - why.REFUSALS.keys()


def _reasons(codes: dict[str, str]) -> str:
    rows = [
        (md.code(code), md.sentence(text or WHAT_TO_DO[code][0]), md.sentence(WHAT_TO_DO[code][1]))
        for code, text in codes.items()
    ]
    return md.table(["code", "it means", "what to do"], rows)


def documented_codes() -> set[str]:
    """Every stable code that these pages explain."""
    refusals = (*subclasses(Rejected), *subclasses(Refusal))
    found = {str(vars(kind)["code"]) for kind in refusals if "code" in vars(kind)}
    found |= {row[0].strip("`") for row in (*LAST_RESORT, *LINK, *WATCH, *CLIENT)}
    return found | WHAT_TO_DO.keys() | {Rejected.code, Refusal.code}
