"""Which of a picture's many channels and parts one wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

PARTS_MAX: Final = 32  # of a file, that are looked at for colours
#: Last words of layers' names that hold the picture itself.
MAIN: Final = frozenset({"beauty", "c", "ci", "color", "colour", "combined", "rgb", "rgba"})
SHORT: Final = {"red": "r", "green": "g", "blue": "b", "alpha": "a"}


class Layer(NamedTuple):
    """Channels, by number: three or, for grey, one; and the one that tells what is covered."""

    colours: tuple[int, ...]
    alpha: int | None
    rank: int  #: how surely it is not what is wanted; 0 it is


class Chosen(NamedTuple):
    """What is to be seen of a file."""

    part: int  #: number of the subimage
    spec: Any  #: OpenImageIO's, of it
    layer: Layer

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of all channels that are wanted."""
        alpha = () if self.layer.alpha is None else (self.layer.alpha,)
        return (*self.layer.colours, *alpha)


def choose(source: Any) -> Chosen:
    """Choose of an opened file the first part that is a picture, else what comes nearest."""
    best = _part(source, 0)
    part = 0
    while best.layer.rank and part + 1 < PARTS_MAX and source.seek_subimage(part + 1, 0):
        part += 1
        found = _part(source, part)
        if found.layer.rank < best.layer.rank:
            best = found
    return best


def _part(source: Any, number: int) -> Chosen:
    spec = source.spec(number)
    return Chosen(number, spec, layer_of(spec.channelnames))


def layer_of(names: Sequence[str]) -> Layer:
    """Choose of the channels of a part: colours of no layer, of the main one, of any; or grey.

    Args:
        names: of its channels, such as `B` or `ViewLayer.Combined.B`.
    """
    layers: dict[str, dict[str, int]] = {}
    for number, name in enumerate(names):
        layer, _, channel = name.lower().rpartition(".")
        layers.setdefault(layer, {}).setdefault(SHORT.get(channel, channel), number)
    found = [
        Layer((of["r"], of["g"], of["b"]), of.get("a"), _rank(layer))
        for layer, of in layers.items()
        if {"r", "g", "b"} <= of.keys()
    ]
    if found:
        return min(found, key=lambda layer: layer.rank)
    alpha = layers.get("", {}).get("a")
    grey = next((number for number in range(len(names)) if number != alpha), 0)
    return Layer((grey,), alpha if alpha != grey else None, 3)


def _rank(layer: str) -> int:
    if not layer:
        return 0
    return 1 if layer.rpartition(".")[2] in MAIN else 2
