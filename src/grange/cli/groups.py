"""How users, pools and branches look in lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from grange.cli.screen import BUSY, CARE, cut, faint, table
from grange.model.nodes import WorkSpec
from grange.model.views import BranchView, PoolView, TicketView, UserView


def users(found: Sequence[UserView]) -> Iterator[RenderableType]:
    """Show a list of users."""
    if not found:
        yield faint("no users: one is made by its first job")
        return
    yield table(
        *("USER~", "JOBS>", "RUNNING>", "PRIO>", "LIMIT>", "ORDER", "NOTE~"),
        rows=(
            (
                cut(user.user),
                _number(user.jobs),
                _running(user.running),
                str(user.spec.priority),
                _limit(user.spec.max_running_tasks),
                user.spec.solve,
                _note(user.spec),
            )
            for user in found
        ),
    )


def pools(found: Sequence[PoolView]) -> Iterator[RenderableType]:
    """Show the tree of pools."""
    yield table(
        *("POOL~", "WORKERS>", "ONLINE>", "BUSY>", "PRIO>", "PATTERN~", "TICKETS~", "NOTE~"),
        rows=(
            (
                _branch_of_tree(pool.path),
                _number(pool.workers),
                _number(pool.online),
                _running(pool.busy),
                str(pool.spec.priority),
                cut(pool.spec.pattern),
                cut(", ".join(map(_ticket, pool.tickets))),
                Text("paused", CARE) if pool.spec.paused else cut(pool.spec.annotation),
            )
            for pool in found
        ),
    )


def branches(found: Sequence[BranchView]) -> Iterator[RenderableType]:
    """Show the tree of branches."""
    yield table(
        *("BRANCH~", "JOBS>", "RUNNING>", "PRIO>", "LIMIT>", "ORDER", "NOTE~"),
        rows=(
            (
                _branch_of_tree(branch.path),
                _number(branch.jobs),
                _running(branch.running),
                str(branch.spec.priority),
                _limit(branch.spec.max_running_tasks),
                branch.spec.solve,
                _note(branch.spec),
            )
            for branch in found
        ),
    )


def _branch_of_tree(path: str) -> Text:
    """A path, set in by its depth; whole, so that it can be copied."""
    depth = path.rstrip("/").count("/")
    return Text.assemble("  " * max(0, depth - 1), cut(path))


def _number(number: int) -> Text:
    return Text(f"{number:,}") if number else faint("-")


def _running(number: int) -> Text:
    return Text(f"{number:,}", BUSY) if number else faint("-")


def _limit(number: int) -> Text:
    return Text(f"{number:,}") if number >= 0 else faint("-")


def _note(spec: WorkSpec) -> Text:
    return Text("paused", CARE) if spec.paused else cut(spec.annotation)


def _ticket(ticket: TicketView) -> str:
    return f"{ticket.name} {ticket.used}/{ticket.count}"
