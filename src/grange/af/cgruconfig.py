"""CGRU's variables: who we are, where the server is, what is usual.

They are read from the files that CGRU has, where there are any, then from the environment:
`CGRU_<name>` goes before a file's `<name>`, and AF_SERVERNAME and AF_SERVERPORT before both.
Where nobody names a server, it is the Grange that runs on this machine, else port 51000 here.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import reprlib
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from grange.client.places import state_folder

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 51_000
INCLUDES_MAX: Final = 100  # files that a file may lead to

#: What holds where no file says otherwise.
USUAL: Final[Mapping[str, Any]] = {
    "af_servername": DEFAULT_HOST,
    "af_serverport": DEFAULT_PORT,
    "af_priority": 99,
    "af_task_default_service": "generic",
    "af_task_default_capacity": 1000,
    "af_cmdprefix": "",
    "af_digest_user": "",
    "af_digest_password": "",
    "pathsmap": (),
}
_NUMBERS: Final[Mapping[str, range]] = {
    "af_serverport": range(1, 65_536),
    "af_priority": range(251),
    "af_task_default_capacity": range(1, 1 << 31),
}
_SYSTEMS: Final = {
    "win32": ("windows",),
    "cygwin": ("windows",),
    "darwin": ("unix", "macosx"),
    "linux": ("unix", "linux"),
}

#: The variables of this process. Scripts read them, and may set them.
VARS: Final[dict[str, Any]] = {}


def tell(text: str) -> None:
    """Say why something is not as a script has asked: a sentence for who runs it."""
    print(text, file=sys.stderr)


def load(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read the variables anew, into `VARS`.

    Args:
        environment: None the process's own.
    """
    env = os.environ if environment is None else environment
    systems = _SYSTEMS.get(sys.platform, ("unix",))
    usual = {**USUAL, **_person(env)}
    found: dict[str, Any] = {}
    for path in _files(env):
        for said in _read(path):
            try:
                _merge(found, said, systems)
            except RecursionError as error:
                tell(f"Error: not all of {path} is taken: {error}")
    found |= _said(env, {**usual, **found})
    if not found.keys() & {"af_servername", "af_serverport"}:
        found |= _here(env)
    found = {**usual, **found, "platform": list(systems)}
    for name, value in usual.items():
        found[name] = _fitted(name, found[name], value)
    location = found["CGRU_LOCATION"]
    usual_root = str(Path(location, "afanasy")) if location else ""
    found["AF_ROOT"] = env.get("AF_ROOT", "") or usual_root
    VARS.clear()
    VARS.update(found)
    return VARS


def _here(environment: Mapping[str, str]) -> dict[str, Any]:
    """Where a Grange that runs on this machine serves clients of Afanasy, if one does."""
    try:
        text = (state_folder(environment) / "server.json").read_text(encoding="utf-8")
        host, _, port = str(json.loads(text).get("afanasy", "")).rpartition(":")
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
    if not host:
        return {}
    return {"af_servername": host.strip("[]"), "af_serverport": port, "af_server_is_here": True}


def _person(environment: Mapping[str, str]) -> dict[str, Any]:
    """Who runs this, and where; both in small letters, as the server knows them."""
    names = ("CGRU_USERNAME", "AF_USERNAME", "USER", "USERNAME")
    user = next((environment[name] for name in names if environment.get(name)), "")
    host = environment.get("AF_HOSTNAME", "") or socket.gethostname()
    home = environment.get("HOME", "") or str(Path.home())
    return {
        "USERNAME": (user or _account()).replace("\\", "/").rpartition("/")[2].lower(),
        "HOSTNAME": host.lower(),
        "HOME": home,
        "CGRU_LOCATION": environment.get("CGRU_LOCATION", ""),
    }


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account that has no name
        return "unknown"


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """The files with variables, the one that wins last."""
    place = environment.get("CGRU_LOCATION", "")
    if place:
        for name in ("config_default.json", "afanasy/config_default.json", "config.json"):
            yield Path(place, name)
    if environment.get("CGRU_CUSTOM_CONFIG"):
        yield Path(environment["CGRU_CUSTOM_CONFIG"])
    if environment.get("APPDATA"):
        yield Path(environment["APPDATA"], "cgru", "config.json")
    yield Path(environment.get("HOME", "") or Path.home(), ".cgru", "config.json")


def _read(path: Path) -> Iterator[Mapping[str, Any]]:
    """The variables of a file, then those of the files that it includes."""
    todo, seen = [path], set[Path]()
    while todo and len(seen) < INCLUDES_MAX:
        file = todo.pop(0)
        if file in seen:
            continue
        seen.add(file)
        try:
            if not file.is_file():
                continue
            said = json.loads(file.read_text(encoding="utf-8"), strict=False)["cgru_config"]
            todo += [file.parent / name for name in said.get("include", ())]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            tell(f"Error: {file} is no file of CGRU's variables: {error!r}")
        else:
            yield said


def _merge(into: dict[str, Any], said: Mapping[str, Any], systems: tuple[str, ...]) -> None:
    """Put variables in; tables grow, and those of another system stay out."""
    for name, value in said.items():
        if not name or name.startswith("-"):
            continue
        if name.startswith("OS_") and isinstance(value, Mapping):
            if name.removeprefix("OS_") in systems:
                _merge(into, value, systems)
        elif isinstance(value, Mapping) and isinstance(into.get(name), dict):
            _merge(into[name], value, systems)
        else:
            into[name] = value


def _said(environment: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
    """What the environment says of variables that are texts or numbers."""
    plain = [name for name, value in known.items() if isinstance(value, str | int)]
    said = {}
    for name in plain:
        for variable in (f"CGRU_{name}", f"CGRU_{name.upper()}", name.upper()):
            if name.startswith("af_") and environment.get(variable):
                said[name] = environment[variable]
    return said


def _fitted(name: str, value: Any, usual: Any) -> Any:
    """Give a variable as it can be used: what it cannot be is named, and the usual taken."""
    if name in _NUMBERS:
        allowed = _NUMBERS[name]
        wanted = f"a number from {allowed[0]} to {allowed[-1]}"
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            if int(value) in allowed:
                return int(value)
    elif isinstance(usual, str):
        wanted = "a text"
        if isinstance(value, str):
            return value
    else:
        wanted = "a list"
        if isinstance(value, list | tuple):
            return value
    tell(f"Error: {name} must be {wanted}, not {reprlib.repr(value)}: {usual!r} is taken")
    return usual


load()
