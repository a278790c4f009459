"""The film as Mitsuba 3 renders it: `scene` describes a frame, `finish` grades it."""

from __future__ import annotations

from functools import cache
from typing import Any

import mitsuba as mi
import numpy as np

from grange.demo.scenes import grade, look, stage
from grange.demo.scenes.look import FILM
from grange.demo.scenes.shapes import Shape, join

WIDTH, HEIGHT, SPP = FILM.width, FILM.height, FILM.samples
GUIDE_SAMPLES = 4  # of a pixel; the guide has no grain, only edges to smooth


def scene(frame: int, width: int, height: int, spp: int) -> dict[str, Any]:
    """Describe one frame."""
    return {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": 3, "rr_depth": 3},
        "sensor": _camera(frame, width, height, spp),
        "still": _still(),
        "moving": _lit(_moved(stage.movers(frame))),
        "still_glow": _still_glow(),
        "moving_glow": _glowing(_moved(stage.glowing_movers(frame))),
        "sky": _sky(),
        **{light.name.replace(" ", "_"): _light(light) for light in stage.lights(frame)},
    }


def finish(picture: grade.Picture, frame: int) -> grade.Picture:
    """Clean and grade one frame; gives display values, linear, 0 to 1."""
    height, width = picture.shape[:2]
    guide = mi.render(mi.load_dict(_guide(frame, width, height)), spp=GUIDE_SAMPLES)
    clean = grade.denoise(picture[..., :3], np.array(guide))
    lit = grade.bloom(clean, 0.8, {0.006: 0.16, 0.022: 0.10, 0.06: 0.06})
    return grade.tone_map(grade.vignette(lit, 0.25), 2.3)


def _guide(frame: int, width: int, height: int) -> dict[str, Any]:
    """Describe the frame with flat colours that tell its surfaces apart."""
    camera = _camera(frame, width, height, GUIDE_SAMPLES)
    return {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": 1},
        "sensor": camera,
        "still": _guide_still(),
        "moving": _glowing(_flat(_moved(stage.movers(frame)))),
        "still_glow": _still_glow(),
        "moving_glow": _glowing(_moved(stage.glowing_movers(frame))),
        "unused": {"type": "point"},  # a scene wants one light that could be sampled
    }


def _moved(movers: list[stage.Mover]) -> Shape:
    return join(mover.shape.placed(mover.place).brighter(mover.strength) for mover in movers)


def _flat(shape: Shape) -> Shape:
    """Colour each facet by its own colour and the way it faces."""
    facet = shape.points[shape.corners]
    normal = np.cross(facet[:, 1] - facet[:, 0], facet[:, 2] - facet[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    seen = np.einsum("ij,ij->i", normal, facet.mean(axis=1) - np.array(FILM.eye))
    normal *= np.where(seen > 0, -1, 1)[:, None]
    colors = 0.5 + 1.2 * np.sqrt(np.clip(shape.colors, 0, 1)) + 0.35 * normal
    return Shape(shape.points, shape.corners, colors)


@cache
def _still() -> Any:
    return _lit(stage.still())


@cache
def _still_glow() -> Any:
    return _glowing(stage.still_glow())


@cache
def _guide_still() -> Any:
    return _glowing(_flat(stage.still()))


@cache
def _sky() -> Any:
    """Make the sky; its share of a pixel's rays is what the lights leave."""
    transform = mi.ScalarTransform4f
    picture = mi.Bitmap(look.sky_map(256, 128).astype(np.float32))
    upright = transform().rotate([0, 0, 1], 180) @ transform().rotate([1, 0, 0], 90)
    share = FILM.samples - sum(light.share for light in stage.lights(1))
    return mi.load_dict(
        {"type": "envmap", "bitmap": picture, "to_world": upright, "sampling_weight": share}
    )


def _light(light: stage.Light) -> dict[str, Any]:
    color = {"type": "rgb", "value": list(light.color)}
    if light.size is None:
        kind = {"type": "point", "position": list(light.at), "intensity": color}
        return {**kind, "sampling_weight": light.share}
    transform = mi.ScalarTransform4f
    place = transform().look_at(list(light.at), list(light.toward), list(stage.ALONG))
    return {
        "type": "rectangle",
        "to_world": place @ transform().scale([light.size[0] / 2, light.size[1] / 2, 1]),
        "emitter": {"type": "area", "radiance": color, "sampling_weight": light.share},
    }


def _camera(frame: int, width: int, height: int, spp: int) -> dict[str, Any]:
    place = mi.ScalarTransform4f().look_at(list(look.eye(frame)), list(FILM.target), [0, 0, 1])
    return {
        "type": "perspective",
        "fov": FILM.field_of_view,
        "far_clip": 2000.0,
        "to_world": place,
        "film": {
            "type": "hdrfilm",
            "width": width,
            "height": height,
            "pixel_format": "rgb",
            "rfilter": {"type": "gaussian"},
        },
        "sampler": {"type": "multijitter", "sample_count": spp, "seed": frame},
    }


def _lit(shape: Shape) -> Any:
    """Make a mesh that light falls on."""
    paint = {"type": "mesh_attribute", "name": "face_color"}
    bsdf = {"type": "twosided", "nested": {"type": "diffuse", "reflectance": paint}}
    return _mesh(shape, bsdf=mi.load_dict(bsdf))


def _glowing(shape: Shape) -> Any:
    """Make a mesh that is seen by its own light, yet lights nothing: its glow is not sampled."""
    paint = {"type": "mesh_attribute", "name": "face_color"}
    emitter = {"type": "area", "radiance": paint, "sampling_weight": 0.0}
    black = {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}}
    return _mesh(shape, emitter=mi.load_dict(emitter), bsdf=mi.load_dict(black))


def _mesh(shape: Shape, **parts: Any) -> Any:
    props = mi.Properties()
    for name, part in parts.items():
        props[name] = part
    mesh = mi.Mesh("shape", len(shape.points), len(shape.corners), props=props)
    colors: Any = shape.colors.astype(np.float32).ravel()  # typed as a list; this is quicker
    mesh.add_attribute("face_color", 3, colors)
    buffers = mi.traverse(mesh)
    buffers["vertex_positions"] = shape.points.astype(np.float32).ravel()
    buffers["faces"] = shape.corners.astype(np.uint32).ravel()
    buffers.update()
    return mesh
