"""Routes of the farm as a whole."""

from __future__ import annotations

from litestar import get

from grange.doors.native.answers import Audit
from grange.doors.native.parameters import Limit, OlderLine, Sender
from grange.doors.native.refusals import READING
from grange.model.views import FarmView, Whoami
from grange.server.doctor import Diagnosis
from grange.server.permissions import Act


@get("/farm", operation_id="getFarm", summary="The farm in one line", responses=READING)
async def get_farm(caller: Sender) -> FarmView:
    """Sums over all jobs and workers, and the names of the services that can be asked for."""
    caller.may(Act.SEE_FARM)
    return caller.views.farm()


@get("/whoami", operation_id="whoami", summary="Who the sender is", responses=READING)
async def whoami(caller: Sender) -> Whoami:
    """The user in whose name the request is sent, and the role of its credential."""
    return Whoami(user=caller.principal.user, role=caller.principal.role)


@get("/audit", operation_id="getAudit", summary="Who changed what", responses=READING)
async def get_audit(
    caller: Sender,
    limit: Limit = 100,
    before: OlderLine = None,
) -> Audit:
    """Newest first; `before` asks for the page that follows the line of that number."""
    caller.may(Act.SEE_AUDIT)
    return Audit(audit=tuple(await caller.views.audit(limit=limit, before=before)))


@get("/doctor", operation_id="examine", summary="Examine the farm", responses=READING)
async def examine(caller: Sender) -> Diagnosis:
    """Check every invariant, and what the farm stands on."""
    caller.may(Act.EXAMINE)
    return await caller.parts.doctor.examine()


ROUTES = (get_farm, whoami, get_audit, examine)
