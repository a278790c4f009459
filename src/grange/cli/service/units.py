"""The unit files: what systemd is told, and why. Text only."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

_MARK: Final = re.compile(r"# Written by `grange service install`; as written: ([0-9a-f]{64})\n")


class What(StrEnum):
    """What is to be a service."""

    SERVER = "server"
    WORKER = "worker"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit is made of."""

    what: What
    program: tuple[str, ...]  #: how `grange` is started
    home: Path  #: state folder of the farm on this machine
    account: str = ""  #: system user; "" a unit of the user's own service manager
    options: tuple[str, ...] = ()  #: of `grange server` or `grange worker`
    at_home: bool = False  #: the program lies in somebody's home folder

    @property
    def name(self) -> str:
        """Of the unit's file."""
        return f"grange-{self.what}.service"

    @property
    def command(self) -> str:
        """What systemd executes."""
        return " ".join(quoted(word) for word in (*self.program, self.what, *self.options))


def unit(plan: Plan) -> str:
    """Write a unit, its mark in the first line."""
    parts = [_about(plan), _start(plan), *_RIGHTS[plan.what, bool(plan.account)](plan)]
    target = "multi-user.target" if plan.account else "default.target"
    parts.append(f"[Install]\nWantedBy={target}\n")
    body = "\n".join(parts)
    return f"# Written by `grange service install`; as written: {_digest(body)}\n{body}"


def is_as_written(text: str) -> bool:
    """Whether a unit is ours, and nobody has changed it since it was written."""
    found = _MARK.match(text)
    return found is not None and found[1] == _digest(text[found.end() :])


def quoted(word: str) -> str:
    """Write a word of a command as systemd reads it (systemd.service, "COMMAND LINES")."""
    plain = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./$-]+", plain):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _about(plan: Plan) -> str:
    lines = ["[Unit]", f"Description=Grange render farm, {plan.what}"]
    if plan.account:
        after = "network-online.target" + (" remote-fs.target" if plan.what is What.WORKER else "")
        lines += [f"After={after}", "Wants=network-online.target"]
        if plan.what is What.WORKER:
            lines.insert(2, "# tasks read and write the studio's disks: they come first")
    return "\n".join((*lines, ""))


def _start(plan: Plan) -> str:
    stop = {
        What.SERVER: "# the server answers what is under way, and is on disk at any time",
        What.WORKER: "# the worker alone is told: it ends its tasks in good order, and its warden"
        "\n# what they have started; after the time below systemd ends what is left",
    }[plan.what]
    lines = [
        "[Service]",
        "Type=exec",
        *([f"User={plan.account}"] if plan.account else []),
        f"Environment={quoted(f'GRANGE_HOME={plan.home}')}",
        f"ExecStart={plan.command}",
        "",
        *_RESTART[plan.what],
        "",
        stop,
        "KillMode=mixed",
        "TimeoutStopSec=30",
        "",
        "# each worker, watcher and request is a file"
        if plan.what is What.SERVER
        else "# each task has a pipe and a log, and renderers open thousands of textures",
        "LimitNOFILE=65536",
    ]
    return "\n".join((*lines, ""))


#: 2 is how `grange` ends where a setting is wrong or no farm was joined: a person must see to it.
_RESTART: Final = {
    What.SERVER: (
        "# a server that is killed is back in seconds, and knows all it has acknowledged",
        "Restart=always",
        "RestartSec=1",
        "RestartPreventExitStatus=2",
    ),
    What.WORKER: (
        "# not always: one that the farm tells to exit is to stay away",
        "Restart=on-failure",
        "RestartSec=5",
        "RestartPreventExitStatus=2",
    ),
}


def _server_of_the_system(plan: Plan) -> list[str]:
    home = "read-only" if plan.at_home else "yes"
    return [
        f"""# it needs its own folder and the network, and nothing else of this machine
{_state(plan)}UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# @resources holds what raises the number of files a process may open
SystemCallFilter=setrlimit prlimit64
# not MemoryDenyWriteExecute: libffi, which Python's ctypes calls, makes code at run time

# a server has some twenty threads
TasksMax=512
"""
    ]


def _worker_of_the_system(plan: Plan) -> list[str]:
    return [
        f"""# The worker runs what artists submit, so a task may do what its account may do on this
# machine, and no more. Looser than a server's unit, each for a reason:
#   ProtectSystem=full    not strict: tasks write to the studio's disks, wherever they are
#   no ProtectHome        licences and plug-ins of renderers lie in home folders
#   no PrivateTmp         jobs name files in /tmp, licence servers and X have sockets there
#   no PrivateDevices     GPUs are devices
#   no ProtectClock       it closes all devices but the clock, GPUs among them
#   no ProtectControlGroups, no RestrictNamespaces
#                         each task gets a control group; browsers and AppImages want namespaces
#   no RestrictSUIDSGID   pipelines set the group bit on the folders that they make
#   no LockPersonality, no SystemCallFilter, no MemoryDenyWriteExecute
#                         Wine, 32-bit tools, JIT compilers
{_state(plan)}# tasks gain nothing by sudo and its like; the NVIDIA driver makes its devices by one
# such program at first use, nvidia-persistenced when the machine starts
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=full
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictRealtime=yes
# what tasks write is for others to read; 0002 lets their group write, too
UMask=0022

{_GROUPS}""",
    ]


_GROUPS: Final = """# a control group for each task, with limits, which ends it at a stroke
Delegate=yes
# when the kernel kills a task for its memory, the others and the worker go on
OOMPolicy=continue
# of all processes that the system can have: what is left lets a person log in
TasksMax=80%
"""


def _server_of_a_user(_plan: Plan) -> list[str]:
    return [
        """# a user's own service manager may not hide parts of the system; for that make it a
# service of the machine: sudo grange service install server
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
TasksMax=512
"""
    ]


def _worker_of_a_user(_plan: Plan) -> list[str]:
    return [
        f"""# tasks may do what this user may do
NoNewPrivileges=yes
RestrictRealtime=yes

{_GROUPS}"""
    ]


_RIGHTS: Final = {
    (What.SERVER, True): _server_of_the_system,
    (What.WORKER, True): _worker_of_the_system,
    (What.SERVER, False): _server_of_a_user,
    (What.WORKER, False): _worker_of_a_user,
}


def _state(plan: Plan) -> str:
    """Let it write its folder: by its name, where systemd makes such folders itself."""
    if plan.home.parent == Path("/var/lib"):
        return f"StateDirectory={plan.home.name}\nStateDirectoryMode=0700\n"
    return f"ReadWritePaths={quoted(str(plan.home))}\n"
