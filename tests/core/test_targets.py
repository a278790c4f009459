"""Which blocks a mask means, at a cost that follows the job and not its square."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from grange.core.accept import check_job
from grange.core.errors import DependencyCycle, InvalidField
from grange.core.farm import Farm
from grange.core.targets import MATCHES_MAX, WAITS_MAX, Targets, waits_of
from grange.model.spec import BlockSpec, JobSpec
from tests.build import block, job, job_of, submit
from tests.fuzz.bounds import calls

Shape = Callable[[int], Iterator[BlockSpec]]


def names(*found: str) -> Targets:
    return Targets([block(name=name) for name in found])


@pytest.mark.parametrize(
    ("mask", "found"),
    [("", ()), ("a", (0, 2)), ("c", ()), ("[ab]", (0, 1, 2)), ("a|x", (0, 2)), (".*", (0, 1, 2))],
)
def test_a_mask_means_the_blocks_of_its_names_in_order(mask: str, found: tuple[int, ...]) -> None:
    targets = names("a", "b", "a")
    assert tuple(targets.of(mask)) == found
    assert tuple(targets.of(mask)) == found


def test_no_mask_means_no_block_though_one_has_no_name() -> None:
    assert tuple(names("", "a").of("")) == ()


def test_a_block_does_not_wait_for_itself() -> None:
    specs = [block(name="a", depend_mask=".*"), block(name="b", tasks_depend_mask="b|a")]
    assert waits_of(specs) == [{1}, {0}]


def test_more_patterns_than_can_be_tried_are_refused() -> None:
    count = int(MATCHES_MAX**0.5) + 1
    specs = [block(name=f"a{at}", depend_mask=f"b{at}.*") for at in range(count)]
    said = (
        f"{count} patterns over the names of {count} blocks: write plain names, or fewer patterns"
    )
    with pytest.raises(InvalidField, match=f"^{said}$") as caught:
        waits_of(specs)
    assert caught.value.field == "blocks"


def test_as_many_patterns_as_can_be_tried_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grange.core.targets.MATCHES_MAX", 2)
    assert waits_of([block(name="a"), block(name="b", depend_mask="a.*")]) == [set(), {0}]


def test_more_waits_than_can_be_kept_are_refused() -> None:
    count = int(WAITS_MAX**0.5) + 1
    specs = [block(name=f"a{at}", depend_mask="a.*") for at in range(count)]
    said = f"blocks wait for each other in more than {WAITS_MAX} ways: have some wait for one"
    with pytest.raises(InvalidField, match=f"^{said} between$") as caught:
        waits_of(specs)
    assert caught.value.field == "blocks"


@pytest.mark.parametrize("mask", ["depend_mask", "tasks_depend_mask"])
def test_as_many_waits_as_can_be_kept_are_kept(monkeypatch: pytest.MonkeyPatch, mask: str) -> None:
    specs = [block(name="a"), block(name="b", **{mask: "a"}), block(name="c", **{mask: "b"})]
    monkeypatch.setattr("grange.core.targets.WAITS_MAX", 2)
    assert waits_of(specs) == [set(), {0}, {1}]
    monkeypatch.setattr("grange.core.targets.WAITS_MAX", 1)
    with pytest.raises(InvalidField):
        waits_of(specs)


def test_a_circle_through_many_blocks_is_named_by_its_beginning() -> None:
    count = 3_000
    specs = [block(name=f"a{at}", depend_mask=f"a{(at + 1) % count}") for at in range(count)]
    with pytest.raises(DependencyCycle, match=r"a0 -> a1 -> .* -> a0"):
        submit(Farm(), job(*specs))


def chain(count: int) -> Iterator[BlockSpec]:
    for at in range(count):
        yield block("1", name=f"a{at}", depend_mask=f"a{at - 1}" if at else "")


def alike(count: int) -> Iterator[BlockSpec]:
    for at in range(count):
        yield block("1", name=f"a{at}", depend_mask="none.*", command_pre=("x",))


def plain(count: int) -> Iterator[BlockSpec]:
    for at in range(count):
        yield block("1", name=f"a{at}")


@pytest.mark.parametrize("shape", [chain, alike, plain])
def test_a_job_costs_what_its_blocks_cost(shape: Shape) -> None:
    def submitted(count: int) -> int:
        farm, spec = Farm(), job(*shape(count))
        return calls(lambda: submit(farm, spec))

    submitted(800)  # patterns are read once, whichever test comes first
    assert submitted(800) <= 5 * submitted(200)


def test_tasks_to_try_first_cost_no_reading_of_frames_each() -> None:
    frames = ",".join(str(3 * at) for at in range(500))

    def checked(count: int) -> int:
        first = tuple((0, at) for at in range(count))
        spec = JobSpec(name="a", blocks=(block(frames),), try_first=first)
        return calls(lambda: check_job(Farm().state, spec))

    assert checked(400) <= checked(1) + 400 * 10


def test_blocks_wait_as_they_did_before_they_were_linked_again() -> None:
    farm = Farm()
    found = job_of(farm, submit(farm, job(*chain(4))))
    assert [sorted(item.waits) for item in found.blocks] == [[], [0], [1], [2]]
    assert [item.dependants for item in found.blocks] == [[1], [2], [3], []]
