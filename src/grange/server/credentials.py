"""The credentials: who may come in, kept in memory and in the store."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import msgspec

from grange.model.states import Role
from grange.model.views import CredentialView
from grange.server.refusal import (
    BadField,
    Conflict,
    NoSuchCredential,
    TooManyAttempts,
    Unauthenticated,
)
from grange.server.secret import ADMIN_ID, Token, hashed, matches, new_id, new_token, parse
from grange.store.store import CredentialRecord, Credentials
from grange.wire.join import SECRET_BYTES

Kind = Literal["token", "worker", "join"]
PENDING_MAX: Final = 1_000  # workers that wait to be accepted
JOIN_CODES_MAX: Final = 1_000  # that are good at once
_WORKER_NAME: Final = re.compile(r"[\w.\-]{1,255}", re.ASCII)


class Keyring:
    """All credentials. What is changed is durable before it counts.

    Args:
        store: keeps them.
        clock: epoch seconds.
    """

    def __init__(self, store: Credentials, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._all: dict[str, CredentialRecord] = {}
        self._told: list[Callable[[str], Awaitable[None]]] = []
        self._turn = asyncio.Lock()  # of the changes: what is checked must still hold when kept

    def tell(self, revoked: Callable[[str], Awaitable[None]]) -> None:
        """Have something called with the id of each credential that is revoked from now on."""
        self._told.append(revoked)

    def load(self) -> None:
        """Read them from the store, and drop the join codes that are too old. Blocks."""
        self._all = {record.credential_id: record for record in self._store.credentials()}
        for record in list(self._all.values()):
            if record.kind == "join" and self._over(record):
                self._store.delete_credential(record.credential_id)
                del self._all[record.credential_id]

    def ensure_admin(self, token: str, name: str) -> None:
        """Let the owner of the state folder in by its token file. Blocks.

        A new file replaces the old one's token; one that was revoked stays so.
        """
        found = parse(token)
        if found is None or found.credential_id != ADMIN_ID:
            raise ValueError("the token file of the state folder holds no token: delete it")
        known = self._all.get(ADMIN_ID)
        if known is not None and matches(found.secret, known.secret_hash):
            return
        record = CredentialRecord(
            credential_id=ADMIN_ID,
            kind="token",
            name=name,
            role=Role.ADMIN,
            secret_hash=hashed(found.secret),
            state="active",
            created=self._clock(),
            note="the token file in the state folder",
        )
        self._store.put_credential(record)
        self._all[ADMIN_ID] = record

    def find(self, text: str) -> CredentialRecord | None:
        """The credential that a token opens, whatever its state; None when it opens none."""
        token = parse(text)
        record = self._all.get(token.credential_id) if token is not None else None
        if token is None or record is None or record.kind == "join" or self._over(record):
            return None
        return record if matches(token.secret, record.secret_hash) else None

    def active(self, credential_id: str) -> CredentialRecord | None:
        """A credential that may be used now."""
        record = self._all.get(credential_id)
        if record is None or record.state != "active" or self._over(record):
            return None
        return record

    def get(self, credential_id: str) -> CredentialRecord:
        """A credential by its id.

        Raises:
            NoSuchCredential: there is none.
        """
        record = self._all.get(credential_id)
        if record is None:
            raise NoSuchCredential(f"no credential {credential_id!r}")
        return record

    def views(self) -> list[CredentialView]:
        """All, without their secrets, the oldest first."""
        return [self.view(record) for record in self._all.values()]

    def view(self, record: CredentialRecord) -> CredentialView:
        """One, without its secret."""
        return CredentialView(
            credential_id=record.credential_id,
            kind=record.kind,
            name=record.name,
            role=record.role,
            state="expired" if self._over(record) else record.state,
            created=record.created,
            expires=record.expires,
            note=record.note,
        )

    async def issue(
        self, name: str, role: Role, *, expires_s: float = 0.0, note: str = ""
    ) -> tuple[CredentialRecord, str]:
        """Make a person's or program's token. Returns it and its only copy in the clear."""
        token = new_token(new_id())
        record = self._record(token, "token", name, role, "active", note)
        if expires_s:
            record = msgspec.structs.replace(record, expires=self._clock() + expires_s)
        async with self._turn:
            await self._put(record)
        return record, str(token)

    async def issue_join(self, expires_s: float, note: str) -> tuple[CredentialRecord, bytes]:
        """Make the secret of a join code; several machines may use it until it expires."""
        secret = secrets.token_bytes(SECRET_BYTES)
        now = self._clock()
        record = CredentialRecord(
            credential_id=new_id(),
            kind="join",
            name="",
            role=Role.WORKER,
            secret_hash=hashed(secret),
            state="active",
            created=now,
            expires=now + expires_s,
            note=note,
        )
        async with self._turn:
            await self._drop_old_codes()
            await self._put(record)
        return record, secret

    async def join(
        self, secret: bytes, name: str, note: str, *, accept: bool
    ) -> tuple[CredentialRecord, str]:
        """Give a machine that has a join code a credential of its own.

        Args:
            secret: the join code's.
            name: of the worker.
            note: what helps a person to decide, such as its address.
            accept: whether it may link at once.

        Raises:
            Unauthenticated: the join code is unknown, revoked or too old.
        """
        if not self._good_code(secret):
            raise Unauthenticated(
                "the join code is unknown, revoked or too old",
                hint="make a new one: grange join-code",
            )
        if not _WORKER_NAME.fullmatch(name):
            raise BadField("a worker's name has letters, digits, dots and hyphens", field="name")
        token = new_token(new_id())
        record = self._record(token, "worker", name, Role.WORKER, "pending", note)
        async with self._turn:
            await self._drop_pending(name)
            if accept:
                record = await self._accept(record)
            else:
                await self._put(record)
        return record, str(token)

    async def accept(self, credential_id: str) -> CredentialRecord:
        """Let a pending worker link. It takes the place of an older one of its name."""
        async with self._turn:
            record = self.get(credential_id)
            if record.state == "revoked":
                raise Conflict(
                    f"credential {credential_id} is revoked", hint="let the machine join anew"
                )
            return record if record.state == "active" else await self._accept(record)

    async def revoke(self, credential_id: str) -> CredentialRecord:
        """End a credential for good; sessions that were opened with it end too."""
        async with self._turn:
            return await self._revoke(self.get(credential_id))

    def _record(
        self,
        token: Token,
        kind: Kind,
        name: str,
        role: Role,
        state: Literal["pending", "active"],
        note: str,
    ) -> CredentialRecord:
        return CredentialRecord(
            credential_id=token.credential_id,
            kind=kind,
            name=name,
            role=role,
            secret_hash=hashed(token.secret),
            state=state,
            created=self._clock(),
            note=note,
        )

    def _over(self, record: CredentialRecord) -> bool:
        return 0 < record.expires <= self._clock()

    def _good_code(self, secret: bytes) -> bool:
        codes = [record for record in self._all.values() if record.kind == "join"]
        return any(
            matches(secret, record.secret_hash)
            for record in codes
            if record.state == "active" and not self._over(record)
        )

    async def _accept(self, record: CredentialRecord) -> CredentialRecord:
        for other in self._of_worker(record.name):
            if other.state != "revoked" and other.credential_id != record.credential_id:
                await self._revoke(other)
        active = msgspec.structs.replace(record, state="active")
        await self._put(active)
        return active

    async def _revoke(self, record: CredentialRecord) -> CredentialRecord:
        revoked = msgspec.structs.replace(record, state="revoked")
        await self._put(revoked)
        for tell in self._told:
            await tell(record.credential_id)
        return revoked

    async def _drop_pending(self, name: str) -> None:
        """Make room for a new request: an older one of the same name is void."""
        for record in self._of_worker(name):
            if record.state == "pending":
                await self._delete(record)
        waiting = sum(record.state == "pending" for record in self._all.values())
        if waiting >= PENDING_MAX:
            raise TooManyAttempts(
                f"{waiting} workers wait to be accepted already",
                hint="accept or revoke them: grange token list",
                retry_s=60,
            )

    async def _drop_old_codes(self) -> None:
        codes = [record for record in self._all.values() if record.kind == "join"]
        old = [record for record in codes if self._over(record)]
        if len(codes) - len(old) >= JOIN_CODES_MAX:
            old.append(codes[0])
        for record in old:
            await self._delete(record)

    def _of_worker(self, name: str) -> list[CredentialRecord]:
        return [
            record
            for record in self._all.values()
            if record.kind == "worker" and record.name == name
        ]

    async def _put(self, record: CredentialRecord) -> None:
        await asyncio.to_thread(self._store.put_credential, record)
        self._all[record.credential_id] = record

    async def _delete(self, record: CredentialRecord) -> None:
        await asyncio.to_thread(self._store.delete_credential, record.credential_id)
        self._all.pop(record.credential_id, None)
