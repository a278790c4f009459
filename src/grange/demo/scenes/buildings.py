"""The buildings: the grange with its silo, and the windmill."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from grange.demo.scenes.shapes import (
    Outline,
    Shape,
    beam,
    blob,
    box,
    join,
    lathe,
    prism,
    rgb,
)

RED = rgb("a23a2c")
RED_DARK = rgb("7d2a24")
CREAM = rgb("efe0c2")
SLATE = rgb("4b5574")
SLATE_DARK = rgb("3a4362")
STONE = rgb("8d8791")
TIMBER = rgb("6b4a35")
STRAW = rgb("d9a94f")
WARM = rgb("ffb865")

HALF = 2.6  # metres, half the width of the gable
NEAR, FAR = -3.9, 3.9  # metres, the gables' y
EAVES, KNEE, RIDGE = 3.0, 4.55, 5.5  # metres above the floor
KNEE_X = 1.75
DOOR, DOOR_TOP = 1.05, 2.45  # metres: half its width, and its height
PLANKS = 16


def grange() -> Shape:
    """Build the grange, its door toward -y, its floor at z=0."""
    return join([_gable(NEAR, DOOR), _gable(FAR, 0.0), *_walls(), _roof(), _front(), _inside()])


def grange_windows() -> Shape:
    """Give what glows: the panes of the grange."""
    loft = prism(
        [(-0.5, 3.05), (0.5, 3.05), (0.5, 4.05), (-0.5, 4.05)], NEAR - 0.1, NEAR - 0.06, WARM
    )
    side = [box(0.04, 0.8, 0.95, WARM).at(HALF + 0.06, y, 1.25) for y in (-2.2, 0.0, 2.2)]
    cupola = box(0.72, 0.72, 0.42, WARM).at(z=RIDGE + 0.14)
    return join([loft, *side, cupola])


def silo() -> Shape:
    """Build the silo that stands behind the grange."""
    profile = [
        (1.3, 0.0),
        (1.3, 5.6),
        (1.42, 5.6),
        (1.25, 6.15),
        (0.85, 6.6),
        (0.35, 6.85),
        (0.01, 6.9),
    ]
    wall = rgb("b9a89b")
    body = lathe(profile, 14, [wall, SLATE_DARK, SLATE, SLATE, SLATE, SLATE]).varied(0.06, 4)
    hoops = [
        lathe([(1.32, z), (1.36, z), (1.36, z + 0.09), (1.32, z + 0.09)], 14, [STONE] * 3)
        for z in (0.9, 1.9, 2.9, 3.9, 4.9)
    ]
    return join([body, *hoops])


def mill_tower() -> Shape:
    """Build the windmill without its sails; the sails' hub is at HUB."""
    tower = lathe(
        [(2.15, 0), (2.05, 1.0), (2.0, 1.0), (1.35, 6.2)], 8, [STONE, STONE, rgb("d8c6ae")]
    ).varied(0.05, 5)
    gallery = lathe([(2.55, 2.2), (2.55, 2.35), (1.5, 2.35)], 16, [TIMBER, TIMBER])
    cap = lathe(
        [(1.55, 6.2), (1.6, 6.4), (1.35, 7.2), (0.75, 7.85), (0.01, 8.1)],
        8,
        [rgb("7a3b33")] * 4,
    ).varied(0.08, 6)
    axle = beam((0, 0, 6.95), (0, -2.0, 6.95), 0.32, TIMBER)
    return join([tower, gallery, cap, axle])


HUB = (0.0, -1.95, 6.95)  # metres from the mill's foot


def mill_windows() -> Shape:
    """Give the mill's lit windows."""
    return join([box(0.42, 0.3, 0.6, WARM).at(0, y, z) for y, z in ((-1.62, 3.0), (-1.4, 4.7))])


def sails() -> Shape:
    """Build four sails about the origin, turning about y."""
    one = [beam((0, 0, 0), (0, 0, 3.9), 0.16, TIMBER)]
    one += [beam((-0.06, 0, z), (0.86, 0, z), 0.06, TIMBER) for z in np.linspace(0.9, 3.8, 8)]
    one += [beam((x, 0, 0.9), (x, 0, 3.8), 0.06, TIMBER) for x in (0.43, 0.84)]
    cloth = prism([(0.08, 0.9), (0.8, 0.9), (0.8, 3.8), (0.08, 3.8)], 0.03, 0.05, rgb("e8d2b4"))
    sail = join([*one, cloth])
    hub = blob(0.34, 1, RED_DARK)
    return join([hub, *(sail.turned("y", 90 * k) for k in range(4))])


def _roof_height(x: float) -> float:
    return float(np.interp(abs(x), [0, KNEE_X, HALF], [RIDGE, KNEE, EAVES]))


def _gable(y: float, door: float) -> Shape:
    """Clad a gable with upright planks, leaving the door open."""
    edges = sorted({*np.linspace(-HALF, HALF, PLANKS + 1), -KNEE_X, 0.0, KNEE_X, -door, door})
    planks = []
    for k, (a, b) in enumerate(pairwise(edges)):
        foot = DOOR_TOP if abs(a + b) / 2 < door else 0.0
        outline = [(a, foot), (b, foot), (b, _roof_height(b)), (a, _roof_height(a))]
        inset = 0.03 * (k % 2)
        planks.append(prism(outline, y - 0.06 + inset, y + 0.06, RED if k % 3 else RED_DARK))
    return join(planks).varied(0.06, 1)


def _walls() -> list[Shape]:
    """Clad the long sides."""
    edges = np.linspace(NEAR, FAR, 2 * PLANKS - 5)
    planks = [
        box(0.12 - 0.03 * (k % 2), b - a, EAVES, RED if k % 3 else RED_DARK).at(y=(a + b) / 2)
        for k, (a, b) in enumerate(pairwise(edges))
    ]
    wall = join(planks).varied(0.06, 2)
    frames = [_frame(0.8, 0.95).turned("z", 90).at(HALF + 0.07, y, 1.25) for y in (-2.2, 0.0, 2.2)]
    return [wall.at(HALF), wall.at(-HALF), *frames]


def _roof() -> Shape:
    """Lay the two-pitched roof, course by course, with its cupola."""
    slope: Outline = [(HALF + 0.38, EAVES - 0.42), (KNEE_X + 0.1, KNEE + 0.1), (0.0, RIDGE + 0.14)]
    courses = []
    for (x0, z0), (x1, z1), n in zip(slope, slope[1:], (5, 4), strict=False):
        for k in range(n):
            a, b = k / n, (k + 1) / n
            lower = (x0 + (x1 - x0) * a, z0 + (z1 - z0) * a)
            upper = (x0 + (x1 - x0) * b, z0 + (z1 - z0) * b)
            courses.append(_course(lower, upper))
    half = join(courses).varied(0.10, 3)
    barge = join(
        beam((a[0], y, a[1]), (b[0], y, b[1]), 0.17, CREAM)
        for a, b in pairwise(slope)
        for y in (NEAR - 0.38, FAR + 0.38)
    )
    side = join([half, barge])
    mirrored = Shape(side.points * [-1, 1, 1], side.corners[:, ::-1], side.colors)
    return join([side, mirrored, _cupola()])


def _course(lower: tuple[float, float], upper: tuple[float, float]) -> Shape:
    """Lay one course of shingles between two points of the slope."""
    (x0, z0), (x1, z1) = lower, upper
    outline = [(x0, z0), (x0 + 0.02, z0 + 0.1), (x1, z1 + 0.04), (x1, z1 - 0.06)]
    edges = np.linspace(NEAR - 0.32, FAR + 0.32, 9)
    return join(
        prism(outline, a, b, SLATE if k % 2 else SLATE_DARK)
        for k, (a, b) in enumerate(pairwise(edges))
    )


def _cupola() -> Shape:
    """Build the little tower on the ridge, with its weather vane."""
    posts = [box(0.14, 0.14, 0.5, CREAM).at(x, y) for x in (-0.38, 0.38) for y in (-0.38, 0.38)]
    base = box(0.95, 0.95, 0.4, CREAM).at(z=-0.3)
    cap = lathe([(0.75, 0.5), (0.35, 0.85), (0.01, 1.25)], 4, [SLATE_DARK, SLATE])
    vane = beam((0, 0, 1.2), (0, 0, 1.85), 0.05, TIMBER)
    arrow = beam((-0.35, 0, 1.62), (0.35, 0, 1.62), 0.06, TIMBER)
    tail = box(0.2, 0.03, 0.24, TIMBER).at(-0.3, 0, 1.5)
    whole = join(
        [base, *posts, cap.turned("z", 45), vane, arrow.turned("z", 30), tail.turned("z", 30)]
    )
    return whole.at(z=RIDGE + 0.1)


def _frame(width: float, height: float) -> Shape:
    """Frame an opening in the plane y=0, its sill at z=0, with a cross of bars."""
    x, t = width / 2, 0.07
    outer = [
        beam((-x - t, 0, 0), (x + t, 0, 0), 0.13, CREAM),
        beam((-x - t, 0, height), (x + t, 0, height), 0.13, CREAM),
        beam((-x, 0, 0), (-x, 0, height), 0.13, CREAM),
        beam((x, 0, 0), (x, 0, height), 0.13, CREAM),
    ]
    cross = [
        beam((0, 0, 0), (0, 0, height), 0.06, CREAM),
        beam((-x, 0, height / 2), (x, 0, height / 2), 0.06, CREAM),
    ]
    return join([*outer, *cross])


def _front() -> Shape:
    """Hang the sliding doors and frame the openings of the front gable."""
    y = NEAR - 0.12
    lintel = beam((-2.5, y, DOOR_TOP + 0.1), (2.5, y, DOOR_TOP + 0.1), 0.14, TIMBER)
    jambs = [beam((x, y, 0), (x, y, DOOR_TOP), 0.13, CREAM) for x in (-DOOR, DOOR)]
    doors = [_door_leaf().at(x, y - 0.04) for x in (-1.78, 1.78)]
    corners = [beam((x, NEAR, 0), (x, NEAR, EAVES), 0.2, CREAM) for x in (-HALF, HALF)]
    loft = _frame(1.0, 1.0).at(0, NEAR - 0.08, 3.05)
    hoist = beam((0, NEAR, 4.75), (0, NEAR - 0.95, 4.75), 0.14, TIMBER)
    return join([lintel, *jambs, *doors, *corners, loft, hoist])


def _door_leaf() -> Shape:
    """Build a door leaf with its white brace."""
    w, h = 1.25, 2.4
    x = w / 2 - 0.06
    bars = [((-x, 0.1), (x, 0.1)), ((-x, h - 0.1), (x, h - 0.1)), ((-x, 0.1), (-x, h - 0.1))]
    bars += [((x, 0.1), (x, h - 0.1)), ((-x, 0.1), (x, h - 0.1)), ((-x, h - 0.1), (x, 0.1))]
    braces = [beam((a[0], -0.06, a[1]), (b[0], -0.06, b[1]), 0.1, CREAM) for a, b in bars]
    return join([box(w, 0.07, h, RED_DARK), *braces])


def _inside() -> Shape:
    """Furnish the grange: floor, loft, posts and stacked bales."""
    floor = box(2 * HALF - 0.1, FAR - NEAR, 0.06, rgb("9a7648"))
    loft = box(2 * HALF - 0.1, FAR - NEAR - 0.2, 0.1, TIMBER).at(z=2.85)
    posts = [box(0.16, 0.16, 2.85, TIMBER).at(x, 1.9) for x in (-1.3, 1.3)]
    stack = [(0.9, 0.0), (1.9, 0.0), (2.9, 0.0), (1.4, 0.5), (2.4, 0.5), (1.9, 1.0)]
    bales = [box(0.6, 0.95, 0.5, STRAW).at(-2.1, y, z) for y, z in stack]
    return join([floor, loft, *posts, *bales]).varied(0.08, 7)
