"""How a machine becomes a worker: by a code, once; by what it has kept, from then on."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Final

import msgspec

import grange.client
from grange.cli.screen import say
from grange.cli.session import Refused
from grange.client import path_map
from grange.client.errors import NoServer
from grange.client.places import find, state_folder
from grange.client.requests import access
from grange.model.machine import MachineSettings
from grange.model.states import Nimby
from grange.model.unreadable import UNREADABLE
from grange.wire import join as join_codes
from grange.worker.config import WorkerConfig, default_name
from grange.worker.errors import WorkerCannotRun
from grange.worker.settings import machine_settings

MEMBERSHIP: Final = "membership.json"  # in the worker's state folder


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine keeps of having joined."""

    server: str
    fingerprint: str
    credential: str


def config_of_worker(
    *, code: str, name: str, nimby: Nimby | None, server: str | None, state_dir: Path | None
) -> WorkerConfig:
    """Find out for whom this machine works, and as who.

    Args:
        code: of a farm to join; "" none.
        name: other than the computer's; "" that.
        nimby: asked for at start; None leaves it.
        server: address; None the one that was joined, else the one on this machine.
        state_dir: folder of the farm's state on this machine; None where it usually is.

    Raises:
        Refused: the code has a slip in it, or it is not known whom to serve.
        GrangeError: the server will not have it.
    """
    base = state_dir or state_folder(os.environ)
    folder = _folder_of(base, name)
    if code:
        found = _join(code, name or default_name(), folder)
    else:
        found = _kept(folder, server) or _beside_server(server)
    return _config(found, base, name, nimby)


def config_to_examine(
    *, name: str, server: str | None, state_dir: Path | None
) -> tuple[WorkerConfig, str]:
    """Find out the same of a machine that may serve no farm.

    Returns:
        The configuration, and why it is not known whom to serve: "" it is.
    """
    base = state_dir or state_folder(os.environ)
    try:
        found = _kept(_folder_of(base, name), server) or _beside_server(server)
    except Refused as error:
        nobody = Membership(server="", fingerprint="", credential="")
        return _config(nobody, base, name, None), str(error)
    return _config(found, base, name, None), ""


def owner(user: str, nimby: Nimby | None) -> str:
    """Tell whom the machine belongs to: whoever is named, or starts it for himself; else ""."""
    return user or (getpass.getuser() if nimby is Nimby.OWNER else "")


def _folder_of(base: Path, name: str) -> Path:
    return base / (f"worker-{name}" if name else "worker")  # two on one machine are apart


def _config(found: Membership, base: Path, name: str, nimby: Nimby | None) -> WorkerConfig:
    return WorkerConfig(
        server=found.server.replace("http", "ws", 1),
        state_folder=_folder_of(base, name),
        credential=found.credential,
        fingerprint=found.fingerprint,
        name=name,
        nimby=nimby,
        path_map=path_map.find(folder=base).pairs,
        machine=_machine(base),
    )


def _machine(base: Path) -> MachineSettings:
    try:
        return machine_settings(base)
    except WorkerCannotRun as error:
        raise Refused(str(error)) from error


def _join(text: str, name: str, folder: Path) -> Membership:
    """Use a code, and keep what it gave."""
    try:
        code = join_codes.decode(text)
    except join_codes.BadJoinCode as error:
        raise Refused(str(error)) from error
    with grange.client.Client(code.url, "", fingerprint=code.fingerprint) as farm:
        joined = farm.send(access.join(text, name))
    if joined.state == "pending":
        say(
            f"{name} waits to be let in; on the server: grange token accept {joined.credential_id}"
        )
    member = Membership(server=code.url, fingerprint=code.fingerprint, credential=joined.secret)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / MEMBERSHIP
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(member))
    return member


def _kept(folder: Path, server: str | None) -> Membership | None:
    """What was kept of joining; None where nothing was, or of another server."""
    path = folder / MEMBERSHIP
    try:
        member = msgspec.json.decode(path.read_bytes(), type=Membership)
    except FileNotFoundError:
        return None
    except (OSError, *UNREADABLE) as error:
        raise Refused(f"{path} cannot be read ({error}): join again by a code") from error
    return member if server in (None, member.server) else None


def _beside_server(server: str | None) -> Membership:
    """The server on this machine, which its owner may serve without a code."""
    try:
        place = find(server)
    except NoServer as error:
        raise Refused(
            "this machine has joined no farm: on the server run `grange join-code`, and here"
            " what it prints"
        ) from error
    if not place.token:
        raise Refused(f"{place.url} lets no worker in without a code: see `grange join-code`")
    return Membership(server=place.url, fingerprint=place.fingerprint, credential=place.token)
