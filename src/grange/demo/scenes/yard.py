"""What stands about the grange: trees, bales, fences, lanterns, pumpkins, sheep and grass."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from grange.demo.scenes.land import bare, height
from grange.demo.scenes.shapes import (
    Array,
    Shape,
    beam,
    blob,
    box,
    grow,
    join,
    lathe,
    polygons,
    rgb,
    shift,
    spin,
)

TIMBER = rgb("5d4535")
FENCE = rgb("b39a80")
IRON = rgb("2c2a33")
FLAME = rgb("ffbf70")
WOOL = rgb("f3e9dc")
STRAW, STRAW_DARK, STRAW_BAND = rgb("e6b75e"), rgb("c28c42"), rgb("d2a04c")

LANTERNS = [(-1.1, -3.6), (-4.7, -10.4), (-7.2, 9.6)]
FLAME_HEIGHT = 1.8  # metres above a lantern's foot

BALES = [  # x, y, degrees turned
    (-7.3, -10.2, 64),
    (-5.0, -0.6, 118),
    (-6.6, 4.6, 40),
    (-2.4, 6.6, 10),
]
FENCES = [
    [(7.4, -14.5), (7.9, -12), (8.4, -9.5), (8.9, -7), (9.4, -4.5)],
    [(-3.4, 4.6), (-6.0, 8.4), (-9.5, 8.8), (-13, 9.1), (-16.5, 9.4), (-20, 9.6)],
]
SHEEP = [
    (-4.0, -5.4, 215, 1.0),
    (-7.4, -5.0, 335, 1.0),
    (-3.4, 2.2, 160, 0.9),
]  # ..., degrees, size
PUMPKINS = [
    (4.9, -5.4, 0.42),
    (5.6, -5.3, 0.32),
    (5.2, -6.0, 0.3),
    (0.1, -0.9, 0.3),
    (-0.3, -0.5, 0.24),
]


def on_ground(shape: Shape, x: float, y: float) -> Shape:
    """Set a shape on the ground."""
    return shape.at(x, y, float(height(x, y)))


def trees() -> Shape:
    """Plant the trees by the grange, the poplars and the wood's edge."""
    round_ones = [
        (13.0, 8.0, 1.2, "447059", 1),
        (16.4, 12.0, 1.05, "517a58", 2),
        (-4.4, 10.2, 0.8, "c06c3b", 3),
        (-2.5, 12.2, 1.0, "d18d48", 5),
    ]
    poplars = [on_ground(_poplar(k), -24.6 + 2.3 * k, 22 + 0.5 * k) for k in range(6)]
    return join([*(_tree(*tree) for tree in round_ones), *poplars, *_wood()])


def bales() -> Shape:
    """Leave the round bales on the meadow."""
    return join(
        on_ground(_bale(k).turned("z", turned), x, y) for k, (x, y, turned) in enumerate(BALES)
    )


def fences() -> Shape:
    """Put up the fences along the grain and below the mill."""
    return join(_fence(feet) for feet in FENCES).varied(0.1, 70)


def lantern_posts() -> Shape:
    """Set the lantern posts."""
    top = FLAME_HEIGHT
    post = join(
        [
            box(0.13, 0.13, 2.25, IRON).at(-0.45),
            beam((-0.45, 0, 2.2), (0.05, 0, 2.2), 0.08, IRON),
            beam((0, 0, 2.2), (0, 0, 2.05), 0.04, IRON),
            lathe([(0.21, top + 0.15), (0.01, top + 0.3)], 6, [IRON]),
            lathe([(0.01, top - 0.22), (0.16, top - 0.2), (0.16, top - 0.16)], 6, [IRON] * 2),
        ]
    )
    return join(on_ground(post, x, y) for x, y in LANTERNS)


def lantern_flame() -> Shape:
    """Give what glows in a lantern, about its middle."""
    return blob(0.17, 1, FLAME).scaled(0.85, 0.85, 1.05)


def flame_places() -> list[Array]:
    """Place the flames of the lanterns."""
    return [shift(x, y, float(height(x, y)) + FLAME_HEIGHT) for x, y in LANTERNS]


def pumpkins() -> Shape:
    """Heap pumpkins by the door."""
    return join(on_ground(_pumpkin(r, k), x, y) for k, (x, y, r) in enumerate(PUMPKINS))


def cart() -> Shape:
    """Leave a two-wheeled cart, heaped with hay, by the grange."""
    wood, dark = rgb("a37a52"), rgb("7b583c")
    bed = box(2.0, 1.1, 0.12, wood).at(z=0.62)
    sides = [box(2.0, 0.07, 0.36, dark).at(0, y, 0.72) for y in (-0.55, 0.55)]
    ends = [box(0.07, 1.1, 0.36, dark).at(x, 0, 0.72) for x in (-1.0, 1.0)]
    shafts = [beam((-1.0, y, 0.66), (-2.3, y, 0.1), 0.1, wood) for y in (-0.4, 0.4)]
    hay = blob(0.6, 2, STRAW).roughened(0.06, 140).scaled(1.5, 0.85, 0.75).at(z=1.0)
    wheels = [_wheel().at(0.15, y, 0.62) for y in (-0.68, 0.68)]
    whole = join([bed, *sides, *ends, *shafts, hay.varied(0.1, 141), *wheels])
    return on_ground(whole.turned("z", -14), 7.3, -4.0)


def sheep_bodies() -> Shape:
    """Let the sheep stand and graze, their heads apart."""
    return join(_fleece(k).placed(place) for k, place in enumerate(_sheep_places()))


def sheep_head() -> Shape:
    """Make a sheep's head about its neck, looking toward +x."""
    dark = rgb("3a3440")
    face = blob(0.2, 1, dark).scaled(1.35, 0.85, 0.95).at(0.16, 0, -0.05)
    ears = [box(0.06, 0.2, 0.07, dark).at(0.02, y, 0.02) for y in (-0.2, 0.2)]
    return join([face, *ears, blob(0.15, 1, WOOL).at(0.0, 0, 0.1)])


def neck_places() -> list[Array]:
    """Place the necks, on which heads nod about y."""
    return [place @ shift(0.62, 0, 0.72) for place in _sheep_places()]


def grass() -> Shape:
    """Scatter tufts and flowers over the near meadow."""
    rng = np.random.default_rng(81)
    greens = [rgb(code) for code in ("a9c467", "8fb05c", "bfd077")]
    petals = [rgb(code) for code in ("fbeedb", "f0a6a6", "f7d873")]
    grown = []
    for k in range(650):
        x, y = rng.uniform((-14, -16), (7, 6))
        if bare(x, y):
            continue
        tip = (*rng.uniform(-0.12, 0.12, 2), rng.uniform(0.12, 0.34))
        blade = polygons(
            np.array([(-0.05, 0, -0.02), (0.05, 0, -0.02), tip]), [(0, 1, 2)], greens[k % 3]
        )
        grown.append(on_ground(blade, x, y))
        if k % 8 == 0:
            grown.append(on_ground(blob(0.075, 0, petals[k // 8 % 3]).at(*tip), x, y))
    return join(grown)


def _tree(x: float, y: float, size: float, code: str, seed: int) -> Shape:
    """Plant a round tree of four balls of leaves."""
    trunk = lathe([(0.28, 0), (0.16, 2.2)], 6, [TIMBER])
    balls = [(0, 0, 3.0, 1.55), (0.9, 0.2, 2.5, 1.05), (-0.8, -0.3, 2.6, 1.1), (0.1, -0.2, 4.2, 1)]
    leaves = []
    for k, (bx, by, bz, r) in enumerate(balls):
        ball = blob(r, 2, rgb(code)).roughened(0.08 * r, 7 * seed + k).varied(0.1, seed + k)
        leaves.append(ball.at(bx, by, bz))
    whole = join([trunk, *leaves]).turned("z", 50 * seed).scaled(size, size, size)
    return on_ground(whole, x, y)


def _poplar(seed: int) -> Shape:
    """Plant a slender poplar."""
    tall = (3.4, 3.8, 3.2, 3.7, 3.3, 3.9)[seed % 6]
    leaves = blob(1, 2, rgb("44655e")).roughened(0.09, 60 + seed).scaled(0.75, 0.75, tall)
    return leaves.varied(0.1, seed).at(z=0.95 * tall)


def _wood() -> list[Shape]:
    """Grow the wood's edge in front of the hills."""
    rng = np.random.default_rng(41)
    crowns = []
    for k in range(46):
        wide, deep, tall = rng.uniform((1.4, 1.2, 1.3), (2.8, 1.6, 2.6))
        shade = rgb(("48665f", "557062", "6a6c66", "77705f")[k % 4])
        crown = blob(1, 1, shade).roughened(0.12, k).scaled(wide, deep, tall).varied(0.1, k)
        crowns.append(crown.at(rng.uniform(-42, 44), rng.uniform(42, 54), 0.7))
    return crowns


def _bale(seed: int) -> Shape:
    """Roll one bale of hay, with its rings seen from the end."""
    face = [(0.01, 0.0), (0.2, 0.0), (0.4, 0.0), (0.6, 0.0), (0.76, 0.0), (0.84, 0.06)]
    side = [(0.86, 0.45), (0.84, 0.5), (0.86, 0.95)]
    back = [(r, 1.4 - z) for r, z in reversed(face)]
    rings = [STRAW, STRAW_DARK, STRAW, STRAW_DARK, STRAW]
    colors = [*rings, STRAW_BAND, STRAW_DARK, STRAW_BAND, STRAW_BAND, *reversed(rings)]
    bale = lathe([*face, *side, *back], 18, colors).varied(0.07, 50 + seed)
    return bale.at(z=-0.7).turned("y", 90).at(z=0.82)


def _fence(feet: list[tuple[float, float]]) -> Shape:
    """Join posts by two rails."""
    on = [(x, y, float(height(x, y))) for x, y in feet]
    posts = [box(0.15, 0.15, 1.15, FENCE).at(*p) for p in on]
    rails = [
        beam((a[0], a[1], a[2] + z), (b[0], b[1], b[2] + z), 0.09, FENCE)
        for a, b in pairwise(on)
        for z in (0.5, 0.92)
    ]
    return join([*posts, *rails])


def _pumpkin(radius: float, seed: int) -> Shape:
    """Grow one ribbed pumpkin."""
    ball = blob(radius, 2, rgb("e07f2e")).scaled(1.12, 1.12, 0.82)
    around = np.arctan2(ball.points[:, 1], ball.points[:, 0])
    ribs = 1 + 0.06 * np.cos(8 * around)[:, None] * np.array([1, 1, 0])
    skin = Shape(ball.points * ribs, ball.corners, ball.colors).varied(0.1, 110 + seed)
    stalk = beam((0, 0, 0.7 * radius), (0.04, 0, 1.15 * radius), 0.3 * radius, rgb("7d8a4a"))
    return join([skin, stalk]).turned("z", 40 * seed).at(z=0.75 * radius)


def _wheel() -> Shape:
    """Make a spoked wheel about y."""
    wood = rgb("6f4e38")
    rim = [(0.5, -0.06), (0.62, -0.06), (0.62, 0.06), (0.5, 0.06), (0.5, -0.06)]
    spokes = [beam((0, 0, 0), (0, 0, 0.55), 0.07, wood).turned("y", 60 * k) for k in range(6)]
    return join([lathe(rim, 14, [wood] * 4).turned("x", 90), *spokes])


def _sheep_places() -> list[Array]:
    return [
        shift(x, y, float(height(x, y))) @ spin("z", turned) @ grow(size)
        for x, y, turned, size in SHEEP
    ]


def _fleece(seed: int) -> Shape:
    """Make a sheep's body and legs."""
    wool = blob(0.55, 2, WOOL).roughened(0.045, 130 + seed).scaled(1.25, 0.85, 0.82)
    legs = [box(0.1, 0.1, 0.4, IRON).at(x, y) for x in (-0.36, 0.36) for y in (-0.2, 0.2)]
    return join([wool.varied(0.05, seed).at(z=0.74), *legs])
