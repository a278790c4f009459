"""How credentials and join codes look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from grange.cli.amounts import age, duration
from grange.cli.machines import waiting
from grange.cli.screen import CARE, FAINT, cut, faint, state, table, to_copy
from grange.client.requests.access import NewJoinCode
from grange.model.views import CredentialView
from grange.wire.address import is_loopback
from grange.wire.join import decode


def credentials(found: Sequence[CredentialView], now: float) -> Iterator[RenderableType]:
    """Show a list of credentials."""
    yield table(
        *("ID", "KIND", "NAME~", "ROLE", "STATE", "AGE>", "LEFT>", "NOTE~"),
        rows=(
            (
                item.credential_id,
                item.kind,
                cut(item.name),
                item.role,
                state(item.state),
                age(item.created, now),
                duration(item.expires - now) if item.expires else faint("-"),
                cut(item.note),
            )
            for item in found
        ),
    )
    yield from waiting([item for item in found if item.state == "pending"])


def join_code(found: NewJoinCode, now: float) -> Iterator[RenderableType]:
    """Show a code, and what to do with it."""
    yield faint(f"On the other computer, within {duration(found.expires - now)}:")
    yield to_copy(f"  grange worker --join {found.code}")
    yield faint("Then, here: grange token list, and grange token accept NAME")
    if is_loopback(decode(found.code).host):
        yield Text.assemble(
            ("no other computer can reach this farm: ", CARE),
            ("start it with grange up --listen 0.0.0.0", FAINT),
        )
