"""A studio's classes that measure a machine, as they were written for Afanasy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grange.model.run import Dial
from grange.plugins import dials
from grange.plugins.dials import DIALS_MAX, REST_S, Dials
from tests.plugins.build import a_studio

#: As the documentation of Afanasy has it.
LICENCES = """# -*- coding: utf-8 -*-
from resources import resbase


class licences(resbase.resbase):
    'Counts licences'

    def __init__(self):
        resbase.resbase.__init__(self)
        self.value = 0
        self.valuemax = 10
        self.width = 20
        self.height = 40
        self.graphr, self.graphg, self.graphb = 1, 2, 3
        self.labelr, self.labelg, self.labelb = 4, 5, 6
        self.bgcolorr, self.bgcolorg, self.bgcolorb = 7, 8, 999
        self.labelsize = 7.5
        self.valid = True

    def update(self):
        self.value += 3
        print('a class that prints')
        self.label = 'Licences: %d' % self.value
        self.tooltip = 'taken of 10'
"""
PLAIN = """
import os, signal, time
import resbase

class {name}(resbase.resbase):
    def __init__(self):
        resbase.resbase.__init__(self)
        self.valid = True
        {begin}

    def update(self):
        self.value = os.getpid()
        {update}
"""


def plain(name: str = "ours", *, begin: str = "pass", update: str = "pass") -> str:
    return PLAIN.format(name=name, begin=begin, update=update)


class Bench:
    """Makes classes and reads them; nothing of them is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Dials] = []

    def dials(self, *, names: tuple[str, ...] = (), **sources: str) -> Dials:
        folders: tuple[str, ...] = ()
        for name, source in sources.items():
            folders = (str(a_studio(self._folder, "resources", name, source)),)
        self._made.append(Dials(names or tuple(sources), folders))
        return self._made[-1]

    def close(self) -> None:
        for item in self._made:
            item.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.mark.proves(
    "render.custom_resources.custom",
    "render.custom_resources.value",
    "render.custom_resources.valuemax",
    "render.custom_resources.height",
    "render.custom_resources.width",
    "render.custom_resources.graph_colour",
    "render.custom_resources.label",
    "render.custom_resources.labelsize",
    "render.custom_resources.label_colour",
    "render.custom_resources.back_colour",
    "render.custom_resources.tooltip",
)
def test_a_class_written_for_afanasy_runs_unchanged(bench: Bench) -> None:
    (found,) = bench.dials(licences=LICENCES).read(0)
    assert found == Dial(
        name="licences",
        value=3,
        valuemax=10,
        width=20,
        height=40,
        graph_colour=(1, 2, 3),
        label_colour=(4, 5, 6),
        back_colour=(7, 8, 255),
        label="Licences: 3",
        label_size=7,
        tooltip="taken of 10",
    )


@pytest.mark.proves("render.custom_resources.periodic")
def test_it_remembers_what_it_was_until_its_file_changes(bench: Bench, tmp_path: Path) -> None:
    made = bench.dials(licences=LICENCES)
    assert [made.read(now)[0].value for now in (0, 1, 2)] == [3, 6, 9]
    file = a_studio(tmp_path, "resources", "licences", LICENCES + "\n") / "resources/licences.py"
    os.utime(file, (1, 1))
    assert made.read(3)[0].value == 3


def test_one_may_be_derived_from_one_that_ships(bench: Bench) -> None:
    source = "from resources import example\nclass ours(example.example):\n    pass\n"
    assert bench.dials(ours=source).read(0)[0].label == "Example\nValue = 3"


@pytest.mark.proves("render.custom_resources.valid")
def test_one_that_says_it_cannot_measure_here_is_not_asked(bench: Bench) -> None:
    source = plain(begin="self.valid = False; self.tooltip = 'no card'", update="raise OSError")
    (found,) = bench.dials(ours=source).read(0)
    assert (found.valid, found.fault, found.tooltip) == (False, "", "no card")


def test_one_that_breaks_says_why_and_harms_no_other(bench: Bench) -> None:
    made = bench.dials(broken=plain("broken", update="1 / 0"), ours=plain())
    broken, ours = made.read(0)
    assert (broken.valid, ours.valid, ours.fault) == (False, True, "")
    assert broken.fault.startswith("ZeroDivisionError('division by zero')")
    assert made.read(1)[1].value == ours.value  # its process goes on


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import nothing_of_the_name", "No module named 'nothing_of_the_name'"),
        ("class ours: pass", "no class derived from resbase"),
        (plain(update="self.value = float('nan')"), "cannot convert float NaN to integer"),
        (plain(update="self.graphr = 'red'"), "invalid literal"),
        (plain(update="raise SystemExit"), "SystemExit()"),
        (plain(update="bytearray(3 * 1024**3)"), "MemoryError()"),
        ("from resources import resbase\nclass ours(resbase.resbase):\n    pass", ""),
    ],
)
def test_one_that_cannot_be_used_is_not_valid(bench: Bench, source: str, fault: str) -> None:
    (found,) = bench.dials(ours=source).read(0)
    assert not found.valid
    assert fault in found.fault


def test_one_that_is_nowhere_is_told_with_those_that_are(bench: Bench) -> None:
    (found,) = bench.dials(names=("nothing",)).read(0)
    assert found.fault.startswith("no resource 'nothing'")
    assert "example, iostat, nvidia_smi" in found.fault


def test_one_that_hangs_is_left_alone_for_a_while_and_harms_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dials, "HANG_S", 0.5)
    monkeypatch.setattr(dials, "REST_MAX_S", 100.0)
    made = bench.dials(ours=plain(), hung=plain("hung", update="signal.pause()"))
    ours, hung = made.read(0)
    assert (hung.valid, ours.valid) == (False, True)
    assert hung.fault == "the custom resource did not answer in 0.5 s; it is tried again in 60 s"
    assert not psutil.pid_exists(ours.value)
    again, resting = made.read(REST_S - 1)
    assert (again.valid, resting) == (True, hung)
    assert made.read(REST_S)[1].fault.endswith("tried again in 100 s")


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGSEGV)", "os._exit(0)"])
def test_one_whose_process_ends_is_left_alone_for_a_while(bench: Bench, end: str) -> None:
    (found,) = bench.dials(ours=plain(update=end)).read(0)
    assert found.fault == "the custom resource's process has ended; it is tried again in 60 s"


def test_texts_numbers_and_classes_are_bounded(bench: Bench) -> None:
    source = plain(
        update="self.label = self.tooltip = 'x' * 10**6; self.height = self.value = 1e30"
    )
    (found,) = bench.dials(ours=source).read(0)
    assert (len(found.label), len(found.tooltip), found.height) == (250, 2_000, 2_000)
    assert found.value == 2**53
    many = bench.dials(names=tuple(f"none_{number}" for number in range(99)))
    assert len(many.read(0)) == DIALS_MAX


def test_of_closed_ones_no_process_is_left(bench: Bench) -> None:
    made = bench.dials(ours=plain())
    pid = made.read(0)[0].value
    made.close()
    assert not psutil.pid_exists(pid)
    assert made.read(1)[0].fault.startswith("the worker is leaving")
