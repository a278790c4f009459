"""Whatever comes in, a parser takes it or refuses it as documented, at a cost within bounds."""

from __future__ import annotations

import functools
import importlib
import os
from types import CodeType

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.bounds import calls, entered, peak_bytes
from tests.fuzz.table import ALL
from tests.fuzz.target import Target

EXAMPLES = int(os.environ.get("GRANGE_FUZZ_EXAMPLES", "60"))  # of each target
SMALL, LARGE = 2_000, 8_000  # bytes of the inputs whose work is compared
SLACK = 3_000  # calls that do not depend on the size
FIXED = 2_000_000  # bytes held whatever the size
BIG = 100_000  # bytes of the input whose memory is measured

each = pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)


def code_of(name: str) -> CodeType:
    """The code of a function, by module and qualified name."""
    module, _, path = name.partition(":")
    found = functools.reduce(getattr, path.split("."), importlib.import_module(module))
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    code = found.__code__
    assert isinstance(code, CodeType)
    return code


@each
def test_examples_are_taken_or_refused_as_documented(target: Target) -> None:
    for data in (*target.seeds, *target.found):
        target.try_one(data)
    assert any(map(target.try_one, target.seeds))


@each
def test_any_bytes_are_taken_or_refused_as_documented(target: Target) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
    @given(target.inputs())
    def holds(data: bytes) -> None:
        target.try_one(data)

    holds()


@each
def test_a_target_reaches_the_parsers_that_it_names(target: Target) -> None:
    met = entered(lambda: [target.try_one(data) for data in (*target.seeds, *target.found)])
    assert [name for name in target.reaches if code_of(name) not in met] == []


@each
def test_work_grows_no_faster_than_the_input(target: Target) -> None:
    for grow in target.nasty():
        small, large = grow(SMALL), grow(LARGE)
        target.try_one(small)  # what is done once only is done
        few = calls(functools.partial(target.try_one, small))
        many = calls(functools.partial(target.try_one, large))
        assert many <= target.work * len(large) + SLACK, small[:40]
        assert many <= 2 * few * len(large) / len(small) + SLACK, small[:40]


@each
def test_memory_grows_no_faster_than_the_input(target: Target) -> None:
    for grow in target.nasty():
        data = grow(BIG)
        target.try_one(grow(100))
        held = peak_bytes(functools.partial(target.try_one, data))
        assert held <= FIXED + target.memory * len(data), data[:40]
