"""Who may do what, as one table."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final, NamedTuple

from grange.core import commands as c
from grange.model.states import Role


class Reach(IntEnum):
    """On whose things something may be done."""

    NONE = 0
    OWN = 1  #: the sender's own jobs, or the machine that belongs to the sender
    ALL = 2


class Act(Enum):
    """What can be asked for besides commands; the value says it in words."""

    SEE_FARM = "see the farm, its branches, pools, workers and users"
    SEE_JOBS = "see jobs, their tasks, runs and logs"
    WATCH = "watch the farm live"
    SEE_AUDIT = "see who changed what"
    EXAMINE = "have the farm examined"
    ADMIT_WORKERS = "make join codes, accept and revoke workers"
    ISSUE_TOKENS = "make and revoke people's tokens"
    ACT_FOR_OTHERS = "act in another user's name"


class Reaches(NamedTuple):
    """How far each role reaches. `Role.WORKER` reaches nothing but its own link."""

    submit: Reach
    viewer: Reach
    artist: Reach
    wrangler: Reach
    admin: Reach


Deed = Act | type  # an `Act`, or the class of a command

_N, _O, _A = Reach.NONE, Reach.OWN, Reach.ALL
_NOBODY: Final = Reaches(_N, _N, _N, _N, _N)
_JOBS: Final = Reaches(submit=_N, viewer=_N, artist=_O, wrangler=_A, admin=_A)
_FARM: Final = Reaches(submit=_N, viewer=_N, artist=_N, wrangler=_A, admin=_A)
_PEOPLE: Final = Reaches(submit=_N, viewer=_N, artist=_N, wrangler=_N, admin=_A)

RIGHTS: Final[dict[Deed, Reaches]] = {
    Act.SEE_FARM: Reaches(_A, _A, _A, _A, _A),
    Act.SEE_JOBS: Reaches(_O, _A, _A, _A, _A),
    Act.WATCH: Reaches(_N, _A, _A, _A, _A),
    Act.SEE_AUDIT: _FARM,
    Act.EXAMINE: _FARM,
    Act.ADMIT_WORKERS: _FARM,
    Act.ISSUE_TOKENS: _PEOPLE,
    Act.ACT_FOR_OTHERS: _FARM,
    c.SubmitJob: Reaches(submit=_O, viewer=_N, artist=_O, wrangler=_A, admin=_A),
    c.RestoreJob: _JOBS,
    c.DeleteJob: _JOBS,
    c.PauseJob: _JOBS,
    c.EditJob: _JOBS,
    c.ChangeTasks: _JOBS,
    c.AppendBlocks: _JOBS,
    c.AppendTasks: _JOBS,
    c.TryNext: _JOBS,
    c.ForgetErrors: _JOBS,
    c.MoveJobs: _JOBS,
    c.EditUser: _PEOPLE,
    c.DeleteUser: _PEOPLE,
    c.EditBranch: _FARM,
    c.DeleteBranch: _FARM,
    c.EditPool: _FARM,
    c.DeletePool: _FARM,
    c.EditWorker: _JOBS,
    c.DeleteWorker: _FARM,
    c.EjectWorker: _JOBS,
    c.HealWorker: _FARM,
    c.InstructWorker: _FARM,
    c.LaunchCommand: _PEOPLE,  # it is no task: no job, no limits and no log that people see
}

#: Where a role reaches only its own: the fields that it may change there; others are kept.
OWN_FIELDS: Final[dict[type, frozenset[str]]] = {
    c.EditWorker: frozenset({"nimby"}),
}
#: Where a role reaches only its own: the fields that it may not change even there.
OTHERS_FIELDS: Final[dict[type, frozenset[str]]] = {
    c.EditJob: frozenset({"user"}),
}
#: The fields that an admin alone may change.
ADMINS_FIELDS: Final[dict[type, frozenset[str]]] = {
    c.EditPool: frozenset({"sleep_command"}),  # is launched: see `LaunchCommand`
}


def reach(role: Role, deed: Deed) -> Reach:
    """How far a role reaches; what is not in the table is nobody's."""
    if role is Role.WORKER:
        return Reach.NONE
    found: Reach = getattr(RIGHTS.get(deed, _NOBODY), role.value)
    return found


def forbidden_fields(role: Role, deed: type, fields: frozenset[str]) -> frozenset[str]:
    """Which of these fields a role may not change by a command."""
    if role is Role.ADMIN:
        return frozenset()
    if reach(role, deed) is Reach.ALL:
        return fields & ADMINS_FIELDS.get(deed, frozenset())
    allowed = OWN_FIELDS.get(deed, fields)
    return (fields - allowed) | (fields & OTHERS_FIELDS.get(deed, frozenset()))
