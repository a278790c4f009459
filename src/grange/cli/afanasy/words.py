"""The words of CGRU's `afcmd`, and the request that each stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from grange.cli.session import Refused

Root = dict[str, Any]


class Asker(NamedTuple):
    """Who asks, and from where."""

    user: str
    host: str


class Word(NamedTuple):
    """A word of afcmd.

    Attributes:
        takes: what stands behind it; one in brackets may be left out.
        help: what it is for.
        make: its request, out of who asks and what stands behind it.
    """

    takes: str
    help: str
    make: Callable[[Asker, Sequence[str]], Root]

    @property
    def least(self) -> int:
        """How many words must stand behind it."""
        return len([item for item in self.takes.split() if not item.startswith("[")])

    @property
    def most(self) -> int:
        """How many words may stand behind it."""
        return len(self.takes.split())


def request(name: str, who: Asker, said: Sequence[str]) -> Root:
    """Give the request of a word.

    Raises:
        Refused: there is no such word, or not what must stand behind it.
    """
    word = WORDS.get(name)
    if word is None:
        raise Refused(f"there is no {name}: `grange afanasy cmd` lists what there is")
    if not word.least <= len(said) <= word.most:
        written = f"is written: {name} {word.takes}" if word.takes else "takes nothing behind it"
        raise Refused(f"{name} {written}")
    root = word.make(who, said)
    (member,) = root
    return {member: {"user_name": who.user, "host_name": who.host, **root[member]}}


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Refused(f"{text} must be a number") from error


def _get(kind: str, mode: str = "", *, task: bool = False) -> Callable[..., Root]:
    """Ask for all of a kind, for one by its number, or for a task of a job."""

    def make(_who: Asker, said: Sequence[str]) -> Root:
        body: Root = {"type": kind}
        if said:
            body["ids"] = [_number(said[0])]
        if mode:
            body["mode"] = mode
        if task:
            body |= {"block_ids": [_number(said[1])], "task_ids": [_number(said[2])]}
        if len(said) > 3:
            body["number"] = _number(said[3])
        return {"get": body}

    return make


def _jobs_of(_who: Asker, said: Sequence[str]) -> Root:
    """Ask for a user's jobs: by his number or his name."""
    found = {"uids": [_number(said[0])]} if said[0].isdecimal() else {"users": [said[0]]}
    return {"get": {"type": "jobs", **found}}


def _do(kind: str, operation: str, **more: Any) -> Callable[..., Root]:
    """Do something to those whose names match; to the render on this host, where none is said."""

    def make(who: Asker, said: Sequence[str]) -> Root:
        mask = said[0] if said else who.host
        return {"action": {"type": kind, "mask": mask, "operation": {"type": operation, **more}}}

    return make


def _set(kind: str, name: str, value: Any = None, *, number: bool = False) -> Callable[..., Root]:
    """Set something on those whose names match."""

    def make(who: Asker, said: Sequence[str]) -> Root:
        *mask, given = said if value is None else [*said, value]
        wanted = _number(given) if number else given
        place = mask[0] if mask else who.host
        return {"action": {"type": kind, "mask": place, "params": {name: wanted}}}

    return make


def _farm(kind: str, mode: str) -> Callable[..., Root]:
    """Add or take a service."""

    def make(_who: Asker, said: Sequence[str]) -> Root:
        mask, service = said
        operation = {"type": "farm", "mode": mode, "name": service, "mask": service}
        return {"action": {"type": kind, "mask": mask, "operation": operation}}

    return make


def _restart_task(_who: Asker, said: Sequence[str]) -> Root:
    job, block, task = (_number(word) for word in said)
    operation = {"type": "restart", "task_ids": [task]}
    where = {"ids": [job], "block_ids": [block]}
    return {"action": {"type": "jobs", **where, "operation": operation}}


def _add_user(_who: Asker, said: Sequence[str]) -> Root:
    return {"user": {"name": said[0]}}


def _message(_who: Asker, said: Sequence[str]) -> Root:
    operation = {"type": "message", "text": said[0]}
    return {"action": {"type": "monitors", "mask": ".*", "operation": operation}}


def _reload(_who: Asker, _said: Sequence[str]) -> Root:
    return {"reload_config": {}}


_TASK: Final = "JOB BLOCK TASK"
#: All words that make sense against a server; those that compute something alone are left out.
WORDS: Final[Mapping[str, Word]] = {
    "jlist": Word("", "list the jobs", _get("jobs")),
    "jid": Word("ID", "all of a job", _get("jobs", "full")),
    "jlog": Word("ID", "its log", _get("jobs", "log")),
    "jprog": Word("ID", "how far its tasks are", _get("jobs", "progress")),
    "jerr": Word("ID", "hosts that it had errors on", _get("jobs", "error_hosts")),
    "jpri": Word("MASK N", "set a priority", _set("jobs", "priority", number=True)),
    "jtmax": Word("MASK N", "limit running tasks", _set("jobs", "max_running_tasks", number=True)),
    "jhmask": Word("MASK HOSTS", "set the mask of hosts", _set("jobs", "hosts_mask")),
    "juser": Word("MASK USER", "give to another user", _set("jobs", "user_name")),
    "jdel": Word("MASK", "delete jobs", _do("jobs", "delete")),
    "jpause": Word("MASK", "start no more tasks", _do("jobs", "pause")),
    "jstart": Word("MASK", "go on", _do("jobs", "start")),
    "jstop": Word("MASK", "pause, and stop running tasks", _do("jobs", "stop")),
    "jrestart": Word("MASK", "run again", _do("jobs", "restart")),
    "tlog": Word(_TASK, "a task's log", _get("jobs", "log", task=True)),
    "tout": Word(f"{_TASK} [START]", "what it has printed", _get("jobs", "output", task=True)),
    "terr": Word(_TASK, "hosts that it had errors on", _get("jobs", "error_hosts", task=True)),
    "trestart": Word(_TASK, "run it again", _restart_task),
    "ulist": Word("", "list the users", _get("users")),
    "ujobs": Word("USER", "a user's jobs, by number or name", _jobs_of),
    "uadd": Word("NAME", "add a user", _add_user),
    "udel": Word("MASK", "delete users", _do("users", "delete")),
    "upri": Word("MASK N", "set a priority", _set("users", "priority", number=True)),
    "utmax": Word(
        "MASK N", "limit running tasks", _set("users", "max_running_tasks", number=True)
    ),
    "uhmask": Word("MASK HOSTS", "set the mask of hosts", _set("users", "hosts_mask")),
    "rlist": Word("", "list the renders", _get("renders")),
    "rrlist": Word("", "list their load", _get("renders", "resources")),
    "rlog": Word("ID", "a render's log", _get("renders", "log")),
    "rpri": Word("MASK N", "set a priority", _set("renders", "priority", number=True)),
    "rnimby": Word("[MASK]", "serve its user only", _set("renders", "nimby", True)),
    "rNIMBY": Word("[MASK]", "serve nobody", _set("renders", "NIMBY", True)),
    "rfree": Word("[MASK]", "serve all", _set("renders", "nimby", False)),
    "ruser": Word("MASK USER", "set whose it is", _set("renders", "user_name")),
    "rpause": Word("[MASK]", "pause", _set("renders", "paused", True)),
    "runpause": Word("[MASK]", "go on", _set("renders", "paused", False)),
    "reject": Word("[MASK]", "take its tasks away", _do("renders", "eject_tasks")),
    "rejnotmy": Word("[MASK]", "but for its user's", _do("renders", "eject_tasks_keep_my")),
    "rexit": Word("[MASK]", "let it end", _do("renders", "exit")),
    "rdel": Word("MASK", "forget those that are away", _do("renders", "delete")),
    "rsleep": Word("MASK", "send to sleep", _do("renders", "wol_sleep")),
    "rwake": Word("MASK", "wake up", _do("renders", "wol_wake")),
    "rsrvon": Word("MASK SERVICE", "enable a service", _farm("renders", "service_enable")),
    "rsrvoff": Word("MASK SERVICE", "disable a service", _farm("renders", "service_disable")),
    "plist": Word("", "list the pools", _get("pools")),
    "plog": Word("ID", "a pool's log", _get("pools", "log")),
    "ppri": Word("MASK N", "set a priority", _set("pools", "priority", number=True)),
    "ppause": Word("MASK", "pause", _set("pools", "paused", True)),
    "punpause": Word("MASK", "go on", _set("pools", "paused", False)),
    "pdel": Word("MASK", "delete pools", _do("pools", "delete")),
    "psrvadd": Word("MASK SERVICE", "add a service", _farm("pools", "service_add")),
    "psrvdel": Word("MASK SERVICE", "take a service", _farm("pools", "service_remove")),
    "blist": Word("", "list the branches", _get("branches")),
    "mlist": Word("", "list the monitors", _get("monitors")),
    "mlog": Word("ID", "a monitor's log", _get("monitors", "log")),
    "mmsg": Word("TEXT", "write to all monitors", _message),
    "cload": Word("", "let the server read its settings anew", _reload),
}
