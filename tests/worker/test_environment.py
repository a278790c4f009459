"""The environment of a task: no secrets in, no foreign code by policy."""

from __future__ import annotations

import pytest

from grange.worker import environment
from tests.worker.build import a_run


@pytest.mark.proves("render.launching.environment")
def test_our_own_settings_and_secrets_do_not_reach_a_task() -> None:
    own = {"PATH": "/bin", "GRANGE_CREDENTIAL": "secret", "GRANGE_SERVER": "x"}
    assert environment.base(own, "mark", None) == {"PATH": "/bin", "GRANGE_WORKER": "mark"}


def test_a_task_knows_what_it_is() -> None:
    variables = environment.of_run(a_run(7, block=2), {}, allow_preload=False)
    assert variables["GRANGE_RUN_ID"] == "7"
    assert (variables["AF_JOB_ID"], variables["AF_BLOCK_ID"], variables["AF_TASK_ID"]) == (
        ("2", "2", "7")
    )
    assert variables["GRANGE_JOB_ID"] == "1"  # a script asks the Afanasy door for the other one


def test_what_the_service_sets_goes_before_what_the_job_sets() -> None:
    run = a_run(environment={"A": "job", "B": "job"})
    variables = environment.of_run(run, {"B": "service"}, allow_preload=False)
    assert (variables["A"], variables["B"]) == ("job", "service")


def test_a_job_cannot_pass_for_another_run() -> None:
    run = a_run(7, environment={"GRANGE_RUN_ID": "1", "GRANGE_WORKER": "x"})
    variables = environment.of_run(run, {}, allow_preload=False)
    assert variables["GRANGE_RUN_ID"] == "7"
    assert "GRANGE_WORKER" not in variables


def test_a_job_makes_programs_load_foreign_code_only_by_policy() -> None:
    run = a_run(environment={"LD_PRELOAD": "/evil.so"})
    assert "LD_PRELOAD" not in environment.of_run(run, {}, allow_preload=False)
    assert environment.of_run(run, {}, allow_preload=True)["LD_PRELOAD"] == "/evil.so"
    assert environment.refused(run) == ["LD_PRELOAD"]


def test_only_the_gpus_of_a_run_are_visible_to_it() -> None:
    run = a_run(gpus=(1, 3), environment={"CUDA_VISIBLE_DEVICES": "0,1,2,3"})
    variables = environment.of_run(run, {}, allow_preload=False, visible="1,3")
    assert variables["CUDA_VISIBLE_DEVICES"] == "1,3"
    assert variables["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_a_task_without_gpus_sees_those_of_its_machine_unless_they_are_hidden() -> None:
    plain = environment.of_run(a_run(), {}, allow_preload=False)
    assert "CUDA_VISIBLE_DEVICES" not in plain
    hidden = environment.of_run(a_run(), {}, allow_preload=False, visible="")
    assert hidden["CUDA_VISIBLE_DEVICES"] == ""


def test_a_task_of_many_machines_is_told_which_and_what_serves_it_whom() -> None:
    main = environment.of_run(a_run(hosts=("m1", "m2")), {}, allow_preload=False)
    assert main["GRANGE_HOSTS"] == "m1,m2"
    assert "GRANGE_HELPS" not in main
    helper = environment.of_run(a_run(hosts=("m1",), helps=7), {}, allow_preload=False)
    assert helper["GRANGE_HELPS"] == "7"
    assert "GRANGE_HOSTS" not in environment.of_run(a_run(), {}, allow_preload=False)
