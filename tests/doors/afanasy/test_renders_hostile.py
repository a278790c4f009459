"""Render nodes that say anything at all: every message is answered, and the farm stays whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from grange.core import commands as c
from grange.core.check import faults
from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, header
from grange.doors.afanasy.renders.render import INSTRUCTIONS_MAX
from grange.doors.afanasy.shapes.render import HostResources
from grange.doors.afanasy.shapes.traffic import RenderRegister, RenderUpdate, TaskUpdate
from grange.model.ids import WorkerId
from tests.build import block, job
from tests.doors.afanasy.afrender import Afrender, farmyard
from tests.doors.afanasy.anything import anything

ANSWERS = {Kind.RENDER_ID, Kind.RENDER_EVENTS}


def answered(data: bytes) -> Kind:
    """The kind of an answer."""
    return header(data[:HEADER_BYTES]).kind


@pytest.mark.parametrize("seed", range(20))
def test_whoever_registers_with_whatever_is_answered(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with farmyard(tmp_path) as yard:
        node = Afrender(yard)
        yard.submit(job(block("1-9", capacity=100)))
        for _ in range(10):
            said = anything(RenderRegister, chance)
            told = node.ask(messages.encode(Kind.RENDER_REGISTER, said))
            assert not told or answered(told) in ANSWERS
            yard.pass_time(chance.choice((0, 1, 20)))
            assert list(faults(yard.farm.state)) == []
        yard.restart()


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_render_says_is_answered(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with farmyard(tmp_path) as yard:
        node = Afrender(yard)
        node.register()
        yard.submit(job(block("1-9", capacity=100, depend_sub_task=True, frames_per_task=3)))
        node.poll()
        for _ in range(10):
            said = replace(anything(RenderUpdate, chance), id=1)
            mine = tuple(
                replace(anything(TaskUpdate, chance), pos=pos)
                for pos in node.running
                if chance.random() < 0.5
            )
            load = replace(said, tasks=(*said.tasks, *mine))
            told = node.ask(messages.encode(Kind.RENDER_UPDATE, load))
            assert answered(told) in ANSWERS
            yard.pass_time(chance.choice((0, 1, 20)))
            assert list(faults(yard.farm.state)) == []


def test_a_machine_that_measures_nonsense_is_shown_and_not_believed(tmp_path: Path) -> None:
    with farmyard(tmp_path) as yard:
        node = Afrender(yard)
        node.register()
        for seed in range(20):
            load = anything(HostResources, random.Random(seed))
            assert node.poll(host_resources=load) == 1
            assert yard.get("renders", mode="resources")["renders"]


def test_what_waits_for_a_silent_render_is_bounded(tmp_path: Path) -> None:
    with farmyard(tmp_path) as yard:
        node = Afrender(yard)
        node.register()
        for _ in range(INSTRUCTIONS_MAX + 50):
            yard.do(c.InstructWorker(worker_id=WorkerId(1), what="exit"))
        told = [node.poll() for _ in range(INSTRUCTIONS_MAX + 1)]
        assert [item if isinstance(item, int) else item.instruction for item in told] == [
            *["exit"] * INSTRUCTIONS_MAX,
            1,
        ]
