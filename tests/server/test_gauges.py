"""What is kept of a machine's load is bounded, whatever a worker sends."""

from __future__ import annotations

from grange.model.ids import WorkerId
from grange.model.run import Dial, Gpu, Resources
from grange.server.gauges import DIALS_MAX, GPUS_MAX, TEXT_MAX, TOOLTIP_MAX, USERS_MAX, Gauges

LONG = "x" * 9_000
ONE = WorkerId(1)


def kept(resources: Resources) -> Resources:
    gauges = Gauges()
    gauges.note_resources(ONE, resources, 5.0)
    return gauges.resources[ONE]


def test_what_is_not_too_much_is_kept_as_it_is() -> None:
    dial = Dial(name="iostat", value=4, label="sda", tooltip="disks")
    load = Resources(gpus=(Gpu(name="Big", util=3),), custom=(dial,), logged_in_users=("ada",))
    assert kept(load) == load


def test_lists_of_a_machine_are_bounded() -> None:
    load = kept(
        Resources(
            gpus=(Gpu(),) * 999,
            custom=(Dial(name="a"),) * 999,
            logged_in_users=("ada",) * 999,
        )
    )
    assert (len(load.gpus), len(load.custom), len(load.logged_in_users)) == (
        (GPUS_MAX, DIALS_MAX, USERS_MAX)
    )


def test_texts_of_a_machine_are_bounded() -> None:
    dial = Dial(name=LONG, label=LONG, tooltip=LONG, fault=LONG)
    load = kept(
        Resources(gpu_string=LONG, gpus=(Gpu(name=LONG),), custom=(dial,), logged_in_users=(LONG,))
    )
    (found,) = load.custom
    assert {len(found.name), len(found.label), len(load.gpus[0].name)} == {TEXT_MAX}
    assert {len(load.gpu_string), len(load.logged_in_users[0])} == {TEXT_MAX}
    assert {len(found.tooltip), len(found.fault)} == {TOOLTIP_MAX}
