"""The look of the film: its size, camera, sky and motion, for any renderer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grange.demo.scenes.shapes import Array, Point, rgb


@dataclass(frozen=True, slots=True)
class Film:
    """The constants of the film; z is up, y runs away from the eye, lengths are metres."""

    frames: int = 36  # a second and a half; the first follows the last without a seam
    fps: int = 24
    width: int = 640
    height: int = 360
    samples: int = 12  # rays of a pixel; the shares of the lights are in twelfths
    field_of_view: float = 42.0  # degrees, horizontal
    eye: Point = (-1.0, -29.0, 5.6)
    target: Point = (-0.7, 0.0, 4.1)
    sway: tuple[float, float] = (0.34, 0.14)  # the ellipse, in x and z, that the eye runs round
    moon_azimuth: float = -13.7  # degrees, right of straight ahead
    moon_height: float = 3.9  # degrees above the horizon
    moon_radius: float = 4.5  # degrees; seventeen times the real one
    mill: Point = (-10.6, 15.0, 1.4)
    mill_turn: float = 8.0  # degrees
    grange: Point = (4.2, 1.5, 0.0)
    grange_turn: float = -32.0  # degrees


FILM = Film()

SKY = [  # (sine of the height, colour)
    (-0.05, rgb("d98a68")),
    (0.0, rgb("ffae78")),
    (0.03, rgb("f08e78")),
    (0.07, rgb("bd6b88")),
    (0.12, rgb("7d5089")),
    (0.18, rgb("4a3f7c")),
    (0.28, rgb("2e3568")),
    (1.0, rgb("232b5c")),
]
EARTH = rgb("4a4238", 0.35)  # what the sky's lower half sends back
HALO = rgb("ffc08a")
FILL = rgb("8fa0d8", 0.6)  # light from above and behind the eye, which no frame shows


def turn(frame: int) -> float:
    """Give the angle of a frame in the loop, 0 to 2 pi."""
    return 2 * np.pi * ((frame - 1) % FILM.frames) / FILM.frames


def eye(frame: int) -> Point:
    """Place the camera."""
    x, y, z = FILM.eye
    across, up = FILM.sway
    return x + across * float(np.cos(turn(frame))), y, z + up * float(np.sin(turn(frame)))


def sail_angle(frame: int) -> float:
    """Turn the sails, in degrees: a quarter each loop, as there are four."""
    return 14.0 + 90.0 * turn(frame) / (2 * np.pi)


def flicker(frame: int, seed: int) -> float:
    """Give the brightness of a flame, about 1."""
    angle = turn(frame)
    return float(1 + 0.06 * np.sin(2 * angle + seed) + 0.05 * np.sin(5 * angle + 2.3 * seed))


def nod(frame: int, seed: int) -> float:
    """Give the angle of a grazing head, in degrees downward."""
    return float(28 + 9 * np.sin(turn(frame) + 2.1 * seed))


def moon_direction() -> Array:
    """Point from the eye to the moon."""
    return direction(FILM.moon_azimuth, FILM.moon_height)


def direction(azimuth: Array | float, height: Array | float) -> Array:
    """Point so many degrees right of straight ahead and above the horizon; shape (3, ...)."""
    a, h = np.radians(azimuth), np.radians(height)
    return np.array([np.sin(a) * np.cos(h), np.cos(a) * np.cos(h), np.sin(h)])


def sky(directions: Array) -> Array:
    """Give the sky's radiance for unit directions of shape (..., 3)."""
    height = directions[..., 2]
    stops = [stop for stop, _ in SKY]
    base = np.stack([np.interp(height, stops, [c[i] for _, c in SKY]) for i in range(3)], axis=-1)
    toward = np.clip(directions @ moon_direction(), -1, 1)[..., None]
    away = np.degrees(np.arccos(toward))
    halo = 0.30 * np.exp(-((away / 8) ** 2)) + 0.16 * np.exp(-((away / 24) ** 2))
    overhead = np.clip(directions @ np.array([-0.2, -0.55, 0.81]), 0, 1)[..., None]
    light = base * (0.81 + 0.19 * toward) + halo * np.array(HALO) + overhead**2 * np.array(FILL)
    below = np.clip(-height / 0.08, 0, 1)[..., None]
    return np.asarray(light * (1 - below) + np.array(EARTH) * below)


def sky_map(width: int, height: int) -> Array:
    """Draw the sky as a latitude-longitude picture, straight ahead in its middle."""
    azimuth = np.linspace(-180, 180, width, endpoint=False) + 180 / width
    up = 90 - (np.arange(height) + 0.5) / height * 180
    directions = direction(*np.meshgrid(azimuth, up))
    return sky(np.moveaxis(directions, 0, -1))


@dataclass(frozen=True, slots=True)
class Firefly:
    """A point of light that runs round a closed path."""

    center: Array
    reach: Array
    laps: Array
    phase: Array

    def at(self, frame: int) -> Array:
        """Place it."""
        return np.asarray(self.center + self.reach * np.sin(self.laps * turn(frame) + self.phase))

    def glow(self, frame: int) -> float:
        """Give its brightness, 0.2 to 1."""
        return float(0.6 + 0.4 * np.sin(turn(frame) + 3 * self.phase[2]))


def fireflies(count: int, seed: int) -> list[Firefly]:
    """Scatter fireflies over the meadow."""
    rng = np.random.default_rng(seed)
    return [
        Firefly(
            center=rng.uniform((-10, -15, 0.5), (6.5, 4, 2.2)),
            reach=rng.uniform(0.6, 1.3) * np.array([0.35, 0.35, 0.16]),
            laps=np.array([rng.choice([-1, 1]), rng.choice([-1, 1]), 2]),
            phase=rng.uniform(0, 2 * np.pi, 3),
        )
        for _ in range(count)
    ]
