"""Who may do what: the table is whole, and says what the design says."""

from __future__ import annotations

from typing import get_args

import pytest

from grange.core import commands as c
from grange.model.states import Role
from grange.server.auth import Principal
from grange.server.permissions import RIGHTS, Act, Deed, Reach, forbidden_fields, reach
from grange.server.refusal import Forbidden

REPORTS = {
    *(c.JoinWorker, c.UnlinkWorker, c.LoseWorker, c.MeasureWorker, c.EndRun, c.NoteFrames),
    *(c.NoteHealth, c.NoteTrouble),
}
JOBS = (c.DeleteJob, c.PauseJob, c.EditJob, c.ChangeTasks, c.AppendBlocks, c.AppendTasks)


def who(role: Role, user: str = "ada") -> Principal:
    return Principal(user=user, role=role, name=user, credential_id="x", address="::1")


def test_every_command_of_people_is_in_the_table() -> None:
    assert {*get_args(c.Command)} - REPORTS == {deed for deed in RIGHTS if isinstance(deed, type)}


def test_every_act_is_in_the_table() -> None:
    assert set(Act) == {deed for deed in RIGHTS if isinstance(deed, Act)}


@pytest.mark.parametrize("deed", sorted(REPORTS, key=str))
def test_reports_of_workers_are_nobodys(deed: Deed) -> None:
    assert {reach(role, deed) for role in Role} == {Reach.NONE}


@pytest.mark.parametrize("deed", [*RIGHTS])
def test_an_admin_may_do_everything_and_a_worker_nothing(deed: Deed) -> None:
    assert (reach(Role.ADMIN, deed), reach(Role.WORKER, deed)) == (Reach.ALL, Reach.NONE)


@pytest.mark.parametrize("deed", [deed for deed in RIGHTS if isinstance(deed, type)])
def test_a_viewer_changes_nothing(deed: Deed) -> None:
    assert reach(Role.VIEWER, deed) is Reach.NONE


@pytest.mark.parametrize("deed", [c.SubmitJob, *JOBS])
def test_an_artist_changes_his_own_jobs(deed: Deed) -> None:
    who(Role.ARTIST).require(deed, "ada")
    with pytest.raises(Forbidden, match="not to 'eve'"):
        who(Role.ARTIST).require(deed, "eve")


@pytest.mark.parametrize("deed", JOBS)
def test_a_wrangler_changes_every_job(deed: Deed) -> None:
    who(Role.WRANGLER).require(deed, "eve")


@pytest.mark.parametrize("deed", [c.EditUser, c.DeleteUser, Act.ISSUE_TOKENS])
def test_people_are_for_admins(deed: Deed) -> None:
    with pytest.raises(Forbidden):
        who(Role.WRANGLER).require(deed)


@pytest.mark.parametrize("deed", [*JOBS, Act.WATCH, Act.SEE_AUDIT])
def test_who_submits_only_submits_and_sees_his_own(deed: Deed) -> None:
    who(Role.SUBMIT).require(c.SubmitJob, "ada")
    who(Role.SUBMIT).require(Act.SEE_JOBS, "ada")
    with pytest.raises(Forbidden):
        who(Role.SUBMIT).require(deed, "ada")


def test_an_artist_sets_only_the_nimby_of_his_own_machine() -> None:
    fields = frozenset({"nimby", "priority"})
    assert forbidden_fields(Role.ARTIST, c.EditWorker, fields) == {"priority"}
    assert not forbidden_fields(Role.WRANGLER, c.EditWorker, fields)


def test_an_artist_gives_no_job_away() -> None:
    fields = frozenset({"user", "priority"})
    assert forbidden_fields(Role.ARTIST, c.EditJob, fields) == {"user"}
    assert not forbidden_fields(Role.ADMIN, c.EditJob, fields)


def test_only_an_admin_says_what_is_launched_on_machines() -> None:
    fields = frozenset({"sleep_command", "idle_sleep_s"})
    assert forbidden_fields(Role.WRANGLER, c.EditPool, fields) == {"sleep_command"}
    assert not forbidden_fields(Role.ADMIN, c.EditPool, fields)
