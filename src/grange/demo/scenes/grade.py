"""Finish a rendered picture: remove its grain, let lights bloom, and set its tones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

STEPS = (1, 2, 4)  # pixels between the taps of each pass
EDGE = 0.06  # how far two guides may differ and still be one surface
TONE = 0.9  # how far two lights may differ, in natural logarithms
DARK = 0.05  # radiance below which differences of tone stop to matter
WHITE = 2.6  # radiance
CONTRAST = 1.18  # a power above 1 deepens the shadows


def denoise(picture: Picture, guide: Picture) -> Picture:
    """Average each pixel with those near it that show the same surface in the same light.

    An edge-avoiding wavelet filter (Dammertz et al., 2010). The guide is a picture of
    the same size, free of grain, in which surfaces have colours of their own.
    """
    picture, guide = picture.astype(np.float32), (guide / EDGE).astype(np.float32)
    for step in STEPS:
        tone = np.log(picture + DARK) * (1 / (TONE / step**0.5))
        picture = _average(picture, np.dstack([guide, tone]), step)
    return picture


def bloom(picture: Picture, threshold: float, strengths: dict[float, float]) -> Picture:
    """Spread what is brighter than a threshold; radii are parts of the width.

    Works on a quarter of the width, as a blurred picture has no detail to lose.
    """
    h, w = (n // 4 * 4 for n in picture.shape[:2])
    bright = np.clip(picture[:h, :w] - threshold, 0, 4)
    small = bright.reshape(h // 4, 4, w // 4, 4, 3).mean(axis=(1, 3))
    spread = sum(s * _blurred(small, r * w / 4) for r, s in strengths.items())
    return picture + _enlarged(np.asarray(spread), *picture.shape[:2])


def vignette(picture: Picture, strength: float) -> Picture:
    """Darken the corners."""
    h, w = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    return np.asarray(picture * (1 - strength * ((x**2 + y**2) / 2)[..., None] ** 1.5))


def tone_map(picture: Picture, exposure: float) -> Picture:
    """Compress highlights into a soft shoulder; what is WHITE after exposure becomes 1."""
    light = np.maximum(picture * exposure, 0)
    shown = np.clip(light * (1 + light / WHITE**2) / (1 + light), 0, 1)
    return np.asarray(shown**CONTRAST)


def _average(picture: Picture, feature: Picture, step: int) -> Picture:
    """Run one pass: each pixel with the eight that lie a step away."""
    total = picture * 4
    weight = np.full(picture.shape[:2], 4, np.float32)
    for dy, dx, share in ((0, step, 2), (step, 0, 2), (step, step, 1), (step, -step, 1)):
        here, there = _pair(picture.shape[0], dy), _pair(picture.shape[1], dx)
        a, b = (here[0], there[0]), (here[1], there[1])
        apart = feature[a] - feature[b]
        w = share * np.exp(-0.5 * np.einsum("ijk,ijk->ij", apart, apart))
        total[a] += w[..., None] * picture[b]
        total[b] += w[..., None] * picture[a]
        weight[a] += w
        weight[b] += w
    return np.asarray(total / weight[..., None])


def _pair(size: int, shift: int) -> tuple[slice, slice]:
    """Give the two overlapping parts of an axis that lie so far apart."""
    low, high = slice(0, size - abs(shift)), slice(abs(shift), size)
    return (low, high) if shift >= 0 else (high, low)


def _blurred(picture: Picture, radius: float) -> Picture:
    """Blur by a Gaussian of so many pixels."""
    reach = max(1, round(3 * radius))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        edges = [(reach, reach) if k == axis else (0, 0) for k in range(3)]
        wide = np.pad(picture, edges)
        size = picture.shape[axis]
        picture = sum(t * wide.take(range(k, k + size), axis) for k, t in enumerate(taps))
    return picture


def _enlarged(picture: Picture, height: int, width: int) -> Picture:
    """Enlarge by linear interpolation."""
    for axis, size in ((0, height), (1, width)):
        n = picture.shape[axis]
        at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
        low = np.minimum(at.astype(int), n - 2)
        part = (at - low).reshape([-1 if k == axis else 1 for k in range(3)])
        picture = picture.take(low, axis) * (1 - part) + picture.take(low + 1, axis) * part
    return picture
