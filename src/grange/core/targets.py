"""Which blocks of a job a mask means: asked of all its blocks at once, not one by one."""

from __future__ import annotations

from collections.abc import Sequence

from grange.core.errors import InvalidField
from grange.core.masks import literal, regex
from grange.model.spec import BlockSpec

WAITS_MAX = 1_000_000  # pairs of blocks of one job of which one waits for the other
MATCHES_MAX = 1_000_000  # names of blocks of one job that are held against patterns


class Targets:
    """The blocks of one job, to be asked by masks.

    Args:
        specs: of the blocks, in order.
    """

    def __init__(self, specs: Sequence[BlockSpec]) -> None:
        self._numbers: dict[str, list[int]] = {}
        self._found: dict[str, tuple[int, ...]] = {"": ()}
        for number, spec in enumerate(specs):
            self._numbers.setdefault(spec.name, []).append(number)

    def of(self, mask: str) -> Sequence[int]:
        """Numbers of the blocks whose name a mask matches, in order; none for "".

        Cost: O(names) for each pattern that was not asked before, else O(found).
        """
        if mask not in self._found:
            name = literal(mask)
            if name is not None:
                found = self._numbers.get(name, [])
            else:
                match = regex(mask)
                found = [n for name, some in self._numbers.items() if match(name) for n in some]
            self._found[mask] = tuple(sorted(found))
        return self._found[mask]


def waits_of(specs: Sequence[BlockSpec]) -> list[set[int]]:
    """For each block the numbers of those that its masks make it wait for, itself left out.

    Raises:
        InvalidField: more than a farm can keep in mind, or find out in a moment.
    """
    masks = {mask for spec in specs for mask in (spec.depend_mask, spec.tasks_depend_mask)}
    patterns = sum(literal(mask) is None for mask in masks)
    if patterns * len(specs) > MATCHES_MAX:
        raise InvalidField(
            f"{patterns} patterns over the names of {len(specs)} blocks: write plain names, or"
            " fewer patterns",
            "blocks",
        )
    targets, total, out = Targets(specs), 0, []
    for number, spec in enumerate(specs):
        total += len(targets.of(spec.depend_mask)) + len(targets.of(spec.tasks_depend_mask))
        if total > WAITS_MAX:
            raise InvalidField(
                f"blocks wait for each other in more than {WAITS_MAX} ways: have some wait for"
                " one between",
                "blocks",
            )
        both = {*targets.of(spec.depend_mask), *targets.of(spec.tasks_depend_mask)}
        out.append(both - {number})
    return out
