"""Build the film as a Blender file: python film_blender.py OUT.blend, with bpy installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

# Blender's Python may not have Grange installed: take it from where this file lies.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from grange.demo.scenes import look, stage
from grange.demo.scenes.look import FILM
from grange.demo.scenes.shapes import Point, Shape

SAMPLES = 8  # of a pixel; the denoiser does the rest
EXPOSURE = 0.1  # stops
COLOR = "facet"  # the attribute of each facet's colour; Cycles reads none named "color"
SKY_SIZE = (256, 128)  # pixels


def build(path: Path) -> None:
    """Build the scene and save it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    _set_up(scene)
    _hang_sky(scene)
    lit, glowing = _lit_material(), _glowing_material()
    _add(scene, "land", stage.still(), lit)
    _only_seen(_add(scene, "glow", stage.still_glow(), glowing))
    _animate(scene, stage.movers, lit)
    for mover in _animate(scene, stage.glowing_movers, glowing):
        _only_seen(mover)
    for light in stage.lights(1):
        _add_light(scene, light)
    _add_camera(scene)
    _add_bloom(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(path.absolute()))


def _set_up(scene: Any) -> None:
    """Set the size, the length, the quality and the tones of the film."""
    scene.frame_start, scene.frame_end = 1, FILM.frames
    render, cycles, view = scene.render, scene.cycles, scene.view_settings
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.fps = FILM.width, FILM.height, FILM.fps
    render.filepath = "//film.####.png"
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    render.use_persistent_data = True  # what does not move is prepared once for all frames
    cycles.device, cycles.samples, cycles.use_adaptive_sampling = "CPU", SAMPLES, False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_quality, cycles.denoising_prefilter = "BALANCED", "NONE"
    cycles.max_bounces, cycles.use_light_tree = 0, False  # direct light, of five lights
    view.view_transform, view.look = "Standard", "None"
    view.exposure = EXPOSURE


def _hang_sky(scene: Any) -> None:
    """Paint the sky on the world; its picture travels within the file."""
    width, height = SKY_SIZE
    picture = bpy.data.images.new("sky", width, height, float_buffer=True)
    # from the bottom row up; Blender has +x, not +y, in the middle of the picture
    sky = np.roll(look.sky_map(width, height)[::-1], -width // 4, axis=1)
    picture.pixels.foreach_set(np.dstack([sky, np.ones((height, width))]).astype("f4").ravel())
    picture.pack()
    scene.world = bpy.data.worlds.new("sky")
    nodes, links = scene.world.node_tree.nodes, scene.world.node_tree.links
    nodes.clear()
    texture = nodes.new("ShaderNodeTexEnvironment")
    texture.image = picture
    background, output = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeOutputWorld")
    links.new(texture.outputs["Color"], background.inputs["Color"])
    links.new(background.outputs["Background"], output.inputs["Surface"])


def _lit_material() -> Any:
    """Make the matt material that shows each facet's colour."""
    material = bpy.data.materials.new("lit")
    nodes, links, output = _emptied(material)
    color, shader = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeBsdfDiffuse")
    color.attribute_name = COLOR
    links.new(color.outputs["Color"], shader.inputs["Color"])
    links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return material


def _glowing_material() -> Any:
    """Make the material that shines in each facet's colour, times the object's own."""
    material = bpy.data.materials.new("glowing")
    nodes, links, output = _emptied(material)
    color, shader = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeEmission")
    strength = nodes.new("ShaderNodeObjectInfo")
    color.attribute_name = COLOR
    links.new(color.outputs["Color"], shader.inputs["Color"])
    links.new(strength.outputs["Color"], shader.inputs["Strength"])
    links.new(shader.outputs["Emission"], output.inputs["Surface"])
    material.cycles.emission_sampling = "NONE"  # it is seen, and lights nothing
    return material


def _emptied(material: Any) -> tuple[Any, Any, Any]:
    nodes = material.node_tree.nodes
    nodes.clear()
    return nodes, material.node_tree.links, nodes.new("ShaderNodeOutputMaterial")


def _add(scene: Any, name: str, shape: Shape, material: Any) -> Any:
    """Add a shape as an object."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(shape.points.tolist(), [], shape.corners.tolist())
    mesh.materials.append(material)
    colors = mesh.attributes.new(COLOR, "FLOAT_COLOR", "FACE")
    opaque = np.c_[shape.colors, np.ones(len(shape.colors))]
    colors.data.foreach_set("color", opaque.astype("f4").ravel())
    thing = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(thing)
    return thing


def _only_seen(thing: Any) -> None:
    """Hide what glows from all rays but the eye's, as lamps light the scene."""
    thing.visible_diffuse = thing.visible_shadow = False


def _animate(scene: Any, movers: Callable[[int], list[stage.Mover]], material: Any) -> list[Any]:
    """Add what moves, with a key in each frame."""
    things = [_add(scene, mover.name, mover.shape, material) for mover in movers(1)]
    for thing in things:
        thing.rotation_mode = "QUATERNION"
    for frame in range(1, FILM.frames + 1):
        for thing, mover in zip(things, movers(frame), strict=True):
            thing.matrix_world = _matrix(mover.place.tolist())
            thing.color = (mover.strength,) * 3 + (1.0,)
            for path in ("location", "rotation_quaternion", "scale", "color"):
                thing.keyframe_insert(path, frame=frame)
    return things


def _add_light(scene: Any, light: stage.Light) -> None:
    """Add a lamp; Blender wants watts for the whole of it."""
    lamp = bpy.data.lights.new(light.name, "POINT" if light.size is None else "AREA")
    brightest = max(light.color)
    lamp.color = tuple(c / brightest for c in light.color)
    thing = bpy.data.objects.new(light.name, lamp)
    thing.location = light.at
    if light.size is None:
        lamp.energy = brightest * 4 * np.pi
        lamp.shadow_soft_size = 0.05
    else:
        lamp.shape, lamp.size, lamp.size_y = "RECTANGLE", *light.size
        lamp.energy = brightest * light.size[0] * light.size[1] * np.pi
        thing.matrix_world = _facing(light.at, light.toward)
    scene.collection.objects.link(thing)


def _facing(at: Point, toward: Point) -> Any:
    """Give the matrix of what looks along its own -z, y upward."""
    back = np.array(at, dtype=float) - np.array(toward)
    back /= np.linalg.norm(back)
    up = np.array([0.0, 0.0, 1.0]) if abs(back[2]) < 0.99 else np.array(stage.ALONG)
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(back, right), back], axis=1)
    matrix[:3, 3] = at
    return _matrix(matrix.tolist())


def _matrix(rows: Any) -> Any:
    return importlib.import_module("mathutils").Matrix(rows)  # comes with bpy, bare of types


def _add_camera(scene: Any) -> None:
    lens = bpy.data.cameras.new("eye")
    lens.sensor_fit, lens.angle = "HORIZONTAL", np.radians(FILM.field_of_view)
    lens.clip_end = 2000.0
    thing = bpy.data.objects.new("eye", lens)
    scene.collection.objects.link(thing)
    scene.camera = thing
    thing.rotation_mode = "QUATERNION"
    for frame in range(1, FILM.frames + 1):
        thing.matrix_world = _facing(look.eye(frame), FILM.target)
        thing.keyframe_insert("location", frame=frame)
        thing.keyframe_insert("rotation_quaternion", frame=frame)


def _add_bloom(scene: Any) -> None:
    """Let what is bright spread a little."""
    tree = bpy.data.node_groups.new("bloom", "CompositorNodeTree")
    tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    layers, glare = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeGlare")
    output = tree.nodes.new("NodeGroupOutput")
    for name, value in {"Type": "Bloom", "Threshold": 0.9, "Strength": 0.35, "Size": 0.5}.items():
        glare.inputs[name].default_value = value
    tree.links.new(layers.outputs["Image"], glare.inputs["Image"])
    tree.links.new(glare.outputs["Image"], output.inputs["Image"])
    scene.compositing_node_group = tree


if __name__ == "__main__":
    if len(sys.argv) < 2 or not sys.argv[-1].endswith(".blend"):
        sys.exit("usage: python film_blender.py OUT.blend")
    build(Path(sys.argv[-1]))
