"""Low-poly shapes: triangles with one colour each, built from numpy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Color = tuple[float, float, float]
Point = tuple[float, float, float]
Outline = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Hold triangles: points (n, 3), corners (m, 3) and linear RGB colours (m, 3)."""

    points: Array
    corners: Indices
    colors: Array

    def placed(self, matrix: Array) -> Shape:
        """Move by a 4 x 4 matrix."""
        return Shape(self.points @ matrix[:3, :3].T + matrix[:3, 3], self.corners, self.colors)

    def at(self, x: float = 0, y: float = 0, z: float = 0) -> Shape:
        """Move by metres along the three axes."""
        return Shape(self.points + np.array([x, y, z]), self.corners, self.colors)

    def turned(self, axis: str, degrees: float) -> Shape:
        """Turn about an axis through the origin, anticlockwise seen from its tip."""
        return Shape(self.points @ rotation(axis, degrees).T, self.corners, self.colors)

    def scaled(self, x: float, y: float, z: float) -> Shape:
        """Stretch along the three axes."""
        return Shape(self.points * np.array([x, y, z]), self.corners, self.colors)

    def brighter(self, strength: float) -> Shape:
        """Multiply the colours."""
        return Shape(self.points, self.corners, self.colors * strength)

    def varied(self, amount: float, seed: int) -> Shape:
        """Make each triangle a little lighter or darker."""
        spread = np.random.default_rng(seed).uniform(-amount, amount, (len(self.colors), 1))
        return Shape(self.points, self.corners, self.colors * (1 + spread))

    def roughened(self, amount: float, seed: int) -> Shape:
        """Push each point by at most so many metres along each axis."""
        push = np.random.default_rng(seed).uniform(-amount, amount, self.points.shape)
        return Shape(self.points + push, self.corners, self.colors)


def rgb(code: str, strength: float = 1.0) -> Color:
    """Turn a sRGB code such as "d6a550" into linear RGB."""
    values = (int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return r * strength, g * strength, b * strength


def rotation(axis: str, degrees: float) -> Array:
    """Give the 3 x 3 matrix of a turn about "x", "y" or "z"."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def shift(x: float, y: float, z: float) -> Array:
    """Give the 4 x 4 matrix of a move by metres."""
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def spin(axis: str, degrees: float) -> Array:
    """Give the 4 x 4 matrix of a turn about "x", "y" or "z"."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(axis, degrees)
    return matrix


def grow(factor: float) -> Array:
    """Give the 4 x 4 matrix of a change of size."""
    return np.diag([factor, factor, factor, 1.0])


def join(shapes: Iterable[Shape]) -> Shape:
    """Make one shape of many."""
    parts = list(shapes)
    starts = np.cumsum([0] + [len(p.points) for p in parts[:-1]])
    return Shape(
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.corners + start for p, start in zip(parts, starts, strict=True)]),
        np.concatenate([p.colors for p in parts]),
    )


def polygons(points: Array, faces: Sequence[Sequence[int]], color: Color) -> Shape:
    """Make a shape of convex polygons, each cut into a fan of triangles."""
    corners = [(f[0], f[i], f[i + 1]) for f in faces for i in range(1, len(f) - 1)]
    return Shape(points, np.array(corners), np.tile(color, (len(corners), 1)))


def box(width: float, depth: float, height: float, color: Color) -> Shape:
    """Make a box that stands on the origin, centred in x and y."""
    x, y = width / 2, depth / 2
    return prism([(-x, 0), (x, 0), (x, height), (-x, height)], -y, y, color)


def prism(outline: Outline, near: float, far: float, color: Color) -> Shape:
    """Extrude a convex outline in (x, z), anticlockwise seen from -y, from y=near to y=far."""
    n = len(outline)
    points = np.array([(x, y, z) for y in (near, far) for x, z in outline], dtype=float)
    sides = [(i, n + i, n + (i + 1) % n, (i + 1) % n) for i in range(n)]
    return polygons(points, [tuple(range(n)), tuple(range(2 * n - 1, n - 1, -1)), *sides], color)


def lathe(profile: Outline, sides: int, colors: Sequence[Color]) -> Shape:
    """Turn a profile of (radius, z) about z; each of its segments has its own colour."""
    turn = 2 * np.pi * np.arange(sides) / sides
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points = np.concatenate([np.c_[ring * r, np.full(sides, z)] for r, z in profile])
    bands = []
    for k, color in enumerate(colors):
        a, b = k * sides, (k + 1) * sides
        faces = [(a + i, a + (i + 1) % sides, b + (i + 1) % sides, b + i) for i in range(sides)]
        bands.append(polygons(points, faces, color))
    return join(bands)


def blob(radius: float, rounds: int, color: Color) -> Shape:
    """Make a ball by splitting an icosahedron so many times."""
    g = (1 + 5**0.5) / 2
    points = np.array(
        [p for a in (-1, 1) for b in (-g, g) for p in ((a, b, 0), (0, a, b), (b, 0, a))]
    )
    points = points.astype(float) / np.hypot(1, g)
    corners = _hull(points)
    for _ in range(rounds):
        points, corners = _split(points, corners)
    return Shape(points * radius, corners, np.tile(color, (len(corners), 1)))


def ribbon(left: Array, right: Array, color: Color) -> Shape:
    """Make a strip between two lines of as many points each."""
    n = len(left)
    faces = [(i, n + i, n + i + 1, i + 1) for i in range(n - 1)]
    return polygons(np.concatenate([left, right]), faces, color)


def beam(start: Point, end: Point, width: float, color: Color) -> Shape:
    """Make a square beam from one point to another."""
    a, b = np.array(start, dtype=float), np.array(end, dtype=float)
    along = (b - a) / np.linalg.norm(b - a)
    up = np.array([0.0, 1.0, 0.0]) if abs(along[2]) > 0.9 else np.array([0.0, 0.0, 1.0])
    side = np.cross(along, up)
    side *= width / 2 / np.linalg.norm(side)
    over = np.cross(side, along)
    ring = [side + over, -side + over, -side - over, side - over]
    points = np.array([end_ + r for end_ in (a, b) for r in ring])
    sides = [(i, (i + 1) % 4, 4 + (i + 1) % 4, 4 + i) for i in range(4)]
    return polygons(points, [(3, 2, 1, 0), (4, 5, 6, 7), *sides], color)


def _hull(points: Array) -> Indices:
    """List the 20 faces of an icosahedron: its triples of neighbours."""
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = (gaps > 0) & (gaps < 1.2)
    triples = [
        (i, j, k)
        for i in range(12)
        for j in range(i + 1, 12)
        for k in range(j + 1, 12)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    outward = [np.linalg.det(points[list(t)]) > 0 for t in triples]
    return np.array([t if out else t[::-1] for t, out in zip(triples, outward, strict=True)])


def _split(points: Array, corners: Indices) -> tuple[Array, Indices]:
    """Cut each triangle of a unit ball into four."""
    known: dict[tuple[int, int], int] = {}
    grown = list(points)

    def middle(i: int, j: int) -> int:
        key = (min(i, j), max(i, j))
        if key not in known:
            known[key] = len(grown)
            halfway = points[i] + points[j]
            grown.append(halfway / np.linalg.norm(halfway))
        return known[key]

    cut = []
    for a, b, c in corners.tolist():
        ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
        cut += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(grown), np.array(cut)
