from __future__ import annotations

import numpy as np
import pytest

from grange.demo.scenes import grade, look, stage
from grange.demo.scenes.look import FILM

AFTER = FILM.frames + 1  # the first frame again


def test_the_film_is_a_loop() -> None:
    assert look.eye(AFTER) == look.eye(1)
    again = zip(stage.movers(1), stage.movers(AFTER), strict=True)
    assert all(np.array_equal(a.place, b.place) for a, b in again)
    assert stage.lights(1) == stage.lights(AFTER)


def test_the_four_sails_turn_a_quarter_in_a_loop() -> None:
    step = look.sail_angle(2) - look.sail_angle(1)
    assert step * FILM.frames == pytest.approx(90)


def test_fireflies_stay_near_and_never_go_out() -> None:
    places = [[mover.place[:3, 3] for mover in stage.glowing_movers(k)] for k in (1, 13, 25)]
    assert np.ptp(places, axis=0).max() < 1
    assert all(mover.strength > 0 for mover in stage.glowing_movers(20))


def test_every_light_gets_whole_rays_and_the_sky_the_rest() -> None:
    shares = [light.share for light in stage.lights(1)]
    assert all(share == int(share) for share in shares)
    assert sum(shares) < FILM.samples


def test_every_facet_has_a_colour_and_three_of_the_points() -> None:
    for shape in (stage.still(), stage.still_glow(), stage.movers(1)[0].shape):
        assert shape.corners.shape == shape.colors.shape
        assert shape.corners.max() < len(shape.points)
        assert np.isfinite(shape.points).all()
        assert shape.colors.min() >= 0


def test_the_sky_is_brightest_at_the_horizon_and_dark_below() -> None:
    low, high, below = look.sky(
        np.stack([look.direction(40, height) for height in (1, 20, -40)])
    ).sum(axis=1)
    assert low > high > below


def test_grain_goes_and_edges_stay() -> None:
    flat = np.ones((32, 32, 3), np.float32)
    flat[:, 16:] = 0.2
    grain = np.random.default_rng(1).normal(1, 0.1, flat.shape).astype(np.float32)
    clean = grade.denoise(flat * grain, flat)
    assert np.abs(clean - flat).max() < 0.2
    assert np.abs(clean - flat).mean() < np.abs(flat * grain - flat).mean() / 3


def test_what_is_brighter_than_the_threshold_spreads() -> None:
    dark = np.zeros((36, 64, 3), np.float32)
    dark[18, 32] = 50
    spread = grade.bloom(dark, 1.0, {0.05: 0.5})
    assert spread[18, 36, 0] > spread[18, 44, 0] > 0
    assert np.array_equal(grade.bloom(dark * 0, 1.0, {0.05: 0.5}), dark * 0)


def test_tones_stay_in_order_and_in_range() -> None:
    light = np.linspace(0, 40, 64, dtype=np.float32).reshape(8, 8, 1).repeat(3, axis=2)
    shown = grade.tone_map(light, 1.0)
    assert shown.min() == 0
    assert shown.max() == 1
    assert (np.diff(shown[..., 0].ravel()) >= 0).all()
