"""The land and what hangs above it: meadow, path, grain, hills, clouds, moon and stars."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from grange.demo.scenes.look import FILM, direction, moon_direction
from grange.demo.scenes.shapes import Array, Color, Shape, blob, join, rgb, ribbon

PATH = [(1.9, -1.2), (0.9, -3.6), (-1.2, -7), (-2.6, -11), (-2.4, -15), (-0.9, -22)]
FAR_AWAY = 400.0  # metres to the moon and the stars: the eye's sway must not shift them


def height(x: Array | float, y: Array | float) -> Array:
    """Give the ground's height: gentle swells, flat at the grange, a knoll for the mill."""
    x, y = np.asarray(x), np.asarray(y)
    swell = 0.35 * np.sin(0.16 * x + 1.0) * np.cos(0.13 * y + 0.4)
    apart = np.hypot(x - FILM.grange[0], y - FILM.grange[1])
    mx, my, mz = FILM.mill
    knoll = np.exp(-(((x - mx) / 7) ** 2) - ((y - my) / 6) ** 2)
    return np.asarray(swell * np.clip((apart - 5.5) / 6, 0, 1) * (1 - knoll) + mz * knoll)


def bare(x: float, y: float) -> bool:
    """Tell where no grass grows: on the path and in the grange."""
    line = _path_line()
    on_path = float(np.hypot(line[:, 0] - x, line[:, 1] - y).min()) < 1.15
    return on_path or float(np.hypot(x - FILM.grange[0], y - FILM.grange[1])) < 4.6


def ground() -> Shape:
    """Lay the meadow: mown in broad bands, coarser with distance."""
    x = np.linspace(-1, 1, 61)
    y = np.concatenate([np.linspace(-24, 12, 46), np.linspace(13.5, 60, 20)])
    ys = np.repeat(y[:, None], len(x), axis=1)
    xs = x * (16 + 0.9 * (ys + 24))
    xs = xs + np.random.default_rng(11).uniform(-0.2, 0.2, xs.shape)
    points = np.stack([xs, ys, height(xs, ys)], axis=-1).reshape(-1, 3)
    n = len(x)
    cell = (np.arange(len(y) - 1)[:, None] * n + np.arange(n - 1)).ravel()
    lower, upper = (cell, cell + 1, cell + n), (cell + 1, cell + n + 1, cell + n)
    corners = np.concatenate([np.stack(lower, axis=1), np.stack(upper, axis=1)])
    return Shape(points, corners, _grass(points[corners].mean(axis=1))).varied(0.05, 12)


def path() -> Shape:
    """Lay the path from the door to the eye."""
    line = _path_line()
    ahead = np.gradient(line, axis=0)
    across = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    uneven = np.random.default_rng(13).uniform(-0.09, 0.09, (len(line), 2))
    half = np.linspace(0.85, 1.1, len(line))[:, None] + uneven
    edges = line + across * half[:, :1], line - across * half[:, 1:]
    left, right = (np.c_[edge, height(edge[:, 0], edge[:, 1]) + 0.04] for edge in edges)
    return ribbon(left, right, rgb("cfab80")).varied(0.07, 14)


def crops() -> Shape:
    """Sow the rows of grain: to the right of the grange and behind the mill."""
    near = [_row(7.6 + 1.15 * k, k) for k in range(26)]
    far = [_row(-38 + 1.5 * k, k).scaled(1, 1, 0.3).at(y=33) for k in range(27)]
    return join([*near, *far])


def hills() -> Shape:
    """Paint three ranges of hills, each nearer to the sky's colour."""
    return join(
        [
            _range(120, 10.5, 0.036, "a8798c", seed=2),
            _range(85, 6.2, 0.046, "71668a", seed=1),
            _range(60, 2.6, 0.073, "4c5a6e", seed=0),
        ]
    )


def clouds() -> Shape:
    """Lay a few flat clouds over the horizon, lit from below."""
    banks = [(11.5, 6.6, 1.25), (18.5, 8.2, 1.1), (1.0, 6.2, 0.9), (-4.5, 8.0, 0.7)]
    return join(_cloud(*bank, seed=k) for k, bank in enumerate(banks))


def moon() -> Shape:
    """Hang the moon behind the mill: pale above, warm below, with a few grey seas."""
    ball = blob(FAR_AWAY * np.tan(np.radians(FILM.moon_radius)), 3, rgb("ffffff"))
    middle = ball.points[ball.corners].mean(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    colors = _blend(rgb("ffb67c"), rgb("fff3d9"), 0.75 + 0.7 * middle[:, 2])
    seas = [(-0.5, -0.8, 0.35, 0.35), (0.35, -0.9, 0.1, 0.42), (-0.1, -0.95, -0.3, 0.3)]
    for x, y, z, size in seas:
        cosine = middle @ np.array([x, y, z]) / np.linalg.norm([x, y, z])
        colors *= np.where(cosine > np.cos(size), 0.86, 1)[:, None]
    place = moon_direction() * FAR_AWAY + np.array(FILM.eye)
    return Shape(ball.points, ball.corners, colors).varied(0.02, 90).at(*place)


def stars() -> Shape:
    """Scatter small stars over the upper sky, clear of the moon."""
    rng = np.random.default_rng(93)
    lit: list[Shape] = []
    while len(lit) < 90:
        toward = direction(rng.uniform(-26, 26), 5.5 + 10 * rng.random() ** 0.7)
        strength, size = rng.uniform(0.6, 1.4) ** 2, rng.uniform(0.25, 0.42)
        if toward @ moon_direction() < np.cos(np.radians(1.5 * FILM.moon_radius)):
            star = blob(size, 0, rgb("ffe9dd", strength))
            lit.append(star.at(*(toward * FAR_AWAY + np.array(FILM.eye))))
    return join(lit)


@cache
def _path_line() -> Array:
    """Run the path's middle line from the door to the eye."""
    knots = np.array(PATH, dtype=float)
    t = np.linspace(0, len(knots) - 1, 46)
    return np.stack([_smooth(t, knots[:, i]) for i in (0, 1)], axis=1)


def _grass(places: Array) -> Array:
    """Colour the meadow: bands of two greens that fade to straw far away."""
    band = np.floor((places[:, 0] * 0.93 - places[:, 1] * 0.36) / 2.4) % 2
    near = _blend(rgb("6f9150"), rgb("86a65a"), band)
    far = np.clip((places[:, 1] - 6) / 36, 0, 1)[:, None]
    return np.asarray(near * (1 - far) + np.array(rgb("a59a68")) * far)


def _row(start: float, seed: int) -> Shape:
    """Grow one row as a ridge of uneven height that leans to the right with distance."""
    y = np.arange(-13.0, 46.0, 0.8)
    rng = np.random.default_rng(100 + seed)
    x = start + 0.10 * (y + 13) + rng.uniform(-0.05, 0.05, len(y))
    foot = height(x, y) - 0.05
    top = foot + 0.67 + rng.uniform(-0.1, 0.12, len(y))
    left, right = np.c_[x - 0.42, y, foot], np.c_[x + 0.42, y, foot]
    crest = np.c_[x + rng.uniform(-0.1, 0.1, len(y)), y, top]
    color = rgb("e6b562" if seed % 2 else "d8a453")
    return join([ribbon(left, crest, color), ribbon(crest, right, color)]).varied(0.13, seed)


def _range(away: float, tall: float, wave: float, code: str, *, seed: int) -> Shape:
    """Paint one range as three bands of facets that fade into haze at the foot."""
    x = np.linspace(-1.3 * away, 1.3 * away, 64)
    rng = np.random.default_rng(20 + seed)
    crest = 0.55 + 0.30 * np.sin(wave * x + 2 * seed) + 0.15 * np.sin(4.3 * wave * x + seed)
    crest = tall * (crest + rng.uniform(-0.04, 0.04, len(x)))
    lines = []
    for part in (0, 0.4, 0.75, 1):
        loose = 0.1 * (0 < part < 1)
        shift, lift = rng.uniform(-loose, loose, (2, len(x)))
        z = crest * part + lift * tall - 0.4 * (1 - part)
        lines.append(np.c_[x + 8 * shift, np.full(len(x), away - 6 * (1 - part)), z])
    bands = [ribbon(high, low, rgb(code)) for low, high in pairwise(lines)]
    whole = join(bands).varied(0.05, 30 + seed)
    haze = np.repeat([0.42, 0.2, 0.0], 2 * (len(x) - 1))[:, None]
    colors = whole.colors * (1 - haze) + np.array(rgb("d99a86")) * haze
    return Shape(whole.points, whole.corners, colors)


def _cloud(azimuth: float, up: float, size: float, *, seed: int) -> Shape:
    """Make one cloud of long flat facets, rosy below and mauve above."""
    rng = np.random.default_rng(120 + seed)
    layers = []
    for k in range(6):
        x, z = rng.uniform((-11, -0.9), (11, 0.9))
        long = rng.uniform(6, 12) * (1 - abs(x) / 18)
        thick = rng.uniform(0.5, 0.95)
        puff = blob(1, 2, rgb("ffffff")).roughened(0.07, 10 * seed + k).scaled(long, 3, thick)
        layers.append(puff.scaled(size, size, size).at(x * size, 0, z * size))
    whole = join(layers)
    facet = whole.points[whole.corners]
    normal = np.cross(facet[:, 1] - facet[:, 0], facet[:, 2] - facet[:, 0])
    upward = normal[:, 2] / (np.linalg.norm(normal, axis=1) + 1e-9)
    colors = _blend(rgb("f7a3a0"), rgb("a873ac"), 0.45 + 0.6 * upward)
    place = direction(azimuth, up) * 240 + np.array(FILM.eye)
    return Shape(whole.points, whole.corners, colors).varied(0.03, seed).at(*place)


def _blend(first: Color, second: Color, part: Array) -> Array:
    """Mix two colours, one mixture for each part in 0..1."""
    part = np.clip(part, 0, 1)[:, None]
    return np.asarray(np.array(first) * (1 - part) + np.array(second) * part)


def _smooth(t: Array, knots: Array) -> Array:
    """Run a Catmull-Rom curve through knots at t = 0, 1, 2, ..."""
    ends = [2 * knots[0] - knots[1]], [2 * knots[-1] - knots[-2]]
    padded = np.concatenate([ends[0], knots, ends[1]])
    i = np.minimum(t.astype(int), len(knots) - 2)
    f = t - i
    a, b, c, d = (padded[i + k] for k in range(4))
    bend = c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a))
    return np.asarray(b + 0.5 * f * bend)
