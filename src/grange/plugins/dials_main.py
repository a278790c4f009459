"""The process in which a studio's classes measure a machine: see `grange.plugins.dials`."""

from __future__ import annotations

from functools import partial
from typing import Final

from grange.model.run import Colour, Dial
from grange.plugins import companion, loading
from grange.plugins.afanasy.resbase import resbase
from grange.plugins.contract import PluginError
from grange.plugins.dials import HANG_S, START_S, Look, Told
from grange.plugins.parser import clean

LABEL_MAX: Final = 250  # characters
TOOLTIP_MAX: Final = 2_000  # characters
PIXELS_MAX: Final = 2_000
POINTS_MAX: Final = 72
COLOUR_MAX: Final = 255
VALUE_MAX: Final = 2**53  # what a browser can still count


class Panel:
    """Holds the objects that measure."""

    def __init__(self) -> None:
        self._made: dict[str, resbase] = {}

    def look(self, request: Look) -> Told:
        """Let one measure. One that says it cannot is not asked again."""
        kind = loading.resource_class(request.name, request.folders)
        meter = self._made.get(request.name)
        if type(meter) is not kind:  # the first time, or its file has changed
            meter = self._made[request.name] = kind()
        if meter.valid:
            meter.update()
        return Told(_dial(request.name, meter))


def _dial(name: str, meter: resbase) -> Dial:
    return Dial(
        name=name,
        value=_whole(meter.value, -VALUE_MAX, VALUE_MAX),
        valuemax=_whole(meter.valuemax, -VALUE_MAX, VALUE_MAX),
        label=str(meter.label)[:LABEL_MAX],
        tooltip=str(meter.tooltip)[:TOOLTIP_MAX],
        valid=bool(meter.valid),
        width=_whole(meter.width, 0, PIXELS_MAX),
        height=_whole(meter.height, 0, PIXELS_MAX),
        graph_colour=_colour(meter.graphr, meter.graphg, meter.graphb),
        label_colour=_colour(meter.labelr, meter.labelg, meter.labelb),
        back_colour=_colour(meter.bgcolorr, meter.bgcolorg, meter.bgcolorb),
        label_size=_whole(meter.labelsize, 1, POINTS_MAX),
    )


def _colour(red: float, green: float, blue: float) -> Colour:
    return (_whole(red, 0, COLOUR_MAX), _whole(green, 0, COLOUR_MAX), _whole(blue, 0, COLOUR_MAX))


def _whole(value: float, least: int, most: int) -> int:
    """A number as it is drawn; what is beyond a bound is the bound."""
    return max(least, min(most, int(value)))


def answer_to(panel: Panel, request: Look) -> Told:
    """Do what is asked; a fault is an answer, too."""
    try:
        return panel.look(request)
    except PluginError as problem:
        fault = str(problem)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (somebody else's code)
        fault = f"{clean(repr(error))}: {loading.last_lines(error)}"
    return Told(Dial(name=request.name), fault)


if __name__ == "__main__":
    companion.serve(Look, partial(answer_to, Panel()), 2 * (START_S + HANG_S))
