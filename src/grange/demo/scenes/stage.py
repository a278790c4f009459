"""The stage of a frame: what is lit, what glows and what lights it, for any renderer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from grange.demo.scenes import buildings, land, look, yard
from grange.demo.scenes.look import FILM
from grange.demo.scenes.shapes import (
    Array,
    Color,
    Point,
    Shape,
    blob,
    join,
    rgb,
    shift,
    spin,
)

ALONG = (0.53, 0.85, 0.0)  # the way the grange runs: the long side of its lamp
GRANGE = shift(*FILM.grange) @ spin("z", FILM.grange_turn)
MILL = shift(*FILM.mill) @ spin("z", FILM.mill_turn)


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """A shape that moves: where it is in a frame, and by how much brighter it is."""

    name: str
    shape: Shape
    place: Array  # 4 x 4
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Light:
    """A lamp: a rectangle that shines from its place toward another, or a point."""

    name: str
    color: Color  # radiance of a rectangle, intensity of a point
    at: Point
    toward: Point
    size: tuple[float, float] | None  # metres
    share: float  # of a pixel's rays, in twelfths, so that each light gets whole rays


@cache
def still() -> Shape:
    """Build what is lit and never moves."""
    x, y, z = FILM.grange
    return join(
        [
            land.ground(),
            land.path(),
            land.crops(),
            yard.trees(),
            yard.bales(),
            yard.fences(),
            yard.lantern_posts(),
            yard.pumpkins(),
            yard.cart(),
            yard.sheep_bodies(),
            yard.grass(),
            buildings.grange().placed(GRANGE),
            buildings.silo().at(x + 5.0, y + 6.4, z),
            buildings.mill_tower().placed(MILL),
        ]
    )


@cache
def still_glow() -> Shape:
    """Build what glows and never moves; its colours are radiance."""
    return join(
        [
            land.hills().brighter(0.46),
            land.clouds().brighter(0.5),
            land.moon().brighter(1.15),
            land.stars().brighter(0.9),
            buildings.grange_windows().placed(GRANGE).brighter(2.2),
            buildings.mill_windows().placed(MILL).brighter(1.3),
        ]
    )


def movers(frame: int) -> list[Mover]:
    """Place what is lit and moves: the sails turn, the sheep nod."""
    turned = MILL @ shift(*buildings.HUB) @ spin("y", look.sail_angle(frame))
    heads = [
        Mover(f"head {k}", _head(), place @ spin("y", look.nod(frame, k)))
        for k, place in enumerate(yard.neck_places())
    ]
    return [Mover("sails", _sails(), turned), *heads]


def glowing_movers(frame: int) -> list[Mover]:
    """Place what glows and moves or flickers; colours times strength are radiance."""
    flames = [
        Mover(f"flame {k}", _flame(), place, 6 * look.flicker(frame, k))
        for k, place in enumerate(yard.flame_places())
    ]
    flies = [
        Mover(f"firefly {k}", _firefly(), shift(*fly.at(frame)), 7 * fly.glow(frame))
        for k, fly in enumerate(look.fireflies(24, 5))
    ]
    return [*flames, *flies]


def lights(frame: int) -> list[Light]:
    """Set the lights: the low sun behind the eye, the lamp in the grange, the lanterns."""
    sun = Light("sun", (165, 84, 54), (-58, -16, 24), (0, 0, 0), (8, 8), share=3)
    over, under = (_point(GRANGE @ shift(0, -0.6, z)) for z in (2.8, 0))
    lamp = Light("lamp", (68, 36, 14), over, under, (1.6, 2.4), share=2)
    lanterns = []
    for k, place in enumerate(yard.flame_places()):
        below = _point(place @ shift(0, 0, -0.3))  # clear of the lantern's iron
        r, g, b = (c * look.flicker(frame, k) for c in (7.0, 3.9, 1.6))
        lanterns.append(Light(f"lantern {k}", (r, g, b), below, below, None, share=1))
    return [sun, lamp, *lanterns]


@cache
def _sails() -> Shape:
    return buildings.sails()


@cache
def _head() -> Shape:
    return yard.sheep_head()


@cache
def _flame() -> Shape:
    return yard.lantern_flame()


@cache
def _firefly() -> Shape:
    return blob(0.05, 1, rgb("ffd873"))


def _point(matrix: Array) -> Point:
    """Give where a matrix puts the origin."""
    x, y, z = np.asarray(matrix[:3, 3]).tolist()
    return x, y, z
