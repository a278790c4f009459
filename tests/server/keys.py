"""Credentials for the tests of this folder."""

from __future__ import annotations

from grange.server.secret import ADMIN_ID, new_token
from grange.store.store import CredentialRecord


class Clock:
    """A clock that goes when it is told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Drawer:
    """Keeps credentials in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, CredentialRecord] = {}

    def credentials(self) -> list[CredentialRecord]:
        return list(self.kept.values())

    def put_credential(self, credential: CredentialRecord) -> None:
        self.kept[credential.credential_id] = credential

    def delete_credential(self, credential_id: str) -> None:
        self.kept.pop(credential_id, None)


def admin_token() -> str:
    """What a state folder's token file holds."""
    return str(new_token(ADMIN_ID))
