from __future__ import annotations

import os
from pathlib import Path

import pytest

from grange.plugins import loading
from grange.plugins.contract import PluginError
from grange.plugins.services.blender import Blender
from tests.plugins.build import a_studio

SERVICE = "from grange.plugins.service import Service\n"


def test_shipped_services_and_parsers_are_known() -> None:
    assert {"generic", "blender", "mitsuba", "ffmpeg"} <= set(loading.names("services"))
    assert {"generic", "blender", "blender_cycles"} <= set(loading.names("parsers"))


@pytest.mark.proves("render.services.default_parser")
@pytest.mark.parametrize("name", loading.names("services"))
def test_every_shipped_service_loads_with_its_parser(name: str) -> None:
    service = loading.service_class(name, ())
    assert loading.parser_class(service.parser, ())


def test_a_studios_service_comes_before_the_shipped(tmp_path: Path) -> None:
    studio = a_studio(
        tmp_path, "services", "blender", SERVICE + "class Ours(Service): parser = ''"
    )
    assert loading.service_class("blender", [str(studio)]).__name__ == "Ours"
    assert loading.service_class("blender", []) is Blender


def test_a_studios_service_is_known(tmp_path: Path) -> None:
    studio = a_studio(tmp_path, "services", "ours", SERVICE)
    a_studio(tmp_path, "services", "__init__", "")
    known = loading.names("services", [str(studio)])
    assert "ours" in known
    assert "__init__" not in known


def test_of_several_classes_the_one_named_as_the_file_is_taken(tmp_path: Path) -> None:
    source = SERVICE + "class a(Service): pass\nclass ours(Service): pass\n"
    studio = a_studio(tmp_path, "services", "ours", source)
    assert loading.service_class("ours", [str(studio)]).__name__ == "ours"


def test_an_edited_plugin_is_loaded_anew(tmp_path: Path) -> None:
    studio = a_studio(tmp_path, "services", "ours", SERVICE + "class A(Service): pass")
    assert loading.service_class("ours", [str(studio)]).__name__ == "A"
    a_studio(tmp_path, "services", "ours", SERVICE + "class B(Service): pass")
    os.utime(studio / "services" / "ours.py", (1, 1))
    assert loading.service_class("ours", [str(studio)]).__name__ == "B"


def test_an_unknown_service_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        PluginError, match=r"no service 'nuke14'; put services/nuke14.py .*blender"
    ):
        loading.service_class("nuke14", ())


@pytest.mark.parametrize("name", ["../x", "a.b", "a b", "", "x" * 101, "os/path"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(PluginError, match="cannot name a service"):
        loading.service_class(name, ())


@pytest.mark.parametrize("source", ["1 / 0", "import no_such_module", "def ("])
def test_a_broken_service_is_refused_with_its_traceback(source: str, tmp_path: Path) -> None:
    studio = a_studio(tmp_path, "services", "ours", source)
    with pytest.raises(PluginError, match=r"service 'ours' cannot be loaded:\n(.*\n)*.*Error"):
        loading.service_class("ours", [str(studio)])


@pytest.mark.parametrize(
    ("classes", "said"),
    [("", "no class"), ("class A(Service): pass\nclass B(A): pass", "2 classes")],
)
def test_a_file_without_one_plugin_is_refused(classes: str, said: str, tmp_path: Path) -> None:
    studio = a_studio(tmp_path, "services", "ours", SERVICE + classes)
    with pytest.raises(PluginError, match=f"ours.py has {said} derived from Service"):
        loading.service_class("ours", [str(studio)])
