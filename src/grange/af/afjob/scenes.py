"""How each program is asked to render a scene. All but the paths is as its manual has it.

A command has @#@ where the first frame goes, then the last one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from grange.af.afcommon import patternFromDigits, patternFromStdC, str_capacity
from grange.af.afjob.options import Options
from grange.model.spec import BLOCKS_MAX


class Rendering(NamedTuple):
    """How a scene is rendered.

    Attributes:
        service: the program's class on the worker.
        commands: names of blocks, and what each runs; names may be "".
        images: what each frame makes, "" where nobody knows.
        map_paths: turn paths in commands into the server's.
    """

    service: str
    commands: tuple[tuple[str, str], ...]
    images: str = ""
    map_paths: bool = True


class BadScene(ValueError):
    """A scene cannot be rendered as it was asked; the text says what to do."""


def rendering(said: Options) -> Rendering:
    """Find out how a scene is rendered.

    Raises:
        BadScene: something has to be said for its program.
    """
    ending = PurePosixPath(said.scene.replace("\\", "/")).suffix.lower()
    return _WAYS.get(ending, _command)(said)


def _afterfx(said: Options) -> Rendering:
    line = _line(said.exec or "aerender", "-project", quoted(said.scene))
    line += f" -s @#@ -e @#@ -i {said.by}"
    line += _if(said.node, "-comp") + _if(said.take, "-RStemplate") + _if(said.output, "-output")
    images = said.output.replace("[#", "@#").replace("#]", "#@")
    return _one("afterfx", _line(line, said.extrargs), images)


def _arnold(said: Options) -> Rendering:
    threads = f"-t {str_capacity}" if said.varies_capacity else ""
    line = _line(said.exec or "kick", "-nstdin -dw -v 4", threads)
    line += _if(said.output, "-o")
    return _one("arnold", _line(line, said.extrargs, "-i", _frames(said.scene)), said.output)


def _blender(said: Options) -> Rendering:
    """Blender reads its arguments in order: the output must come before `-a`."""
    line = _line(said.exec or "blender", "-b", quoted(said.scene), said.extrargs)
    line += _if(_hashes(said.output), "-o")
    return _one("blender", f"{line} -s @#@ -e @#@ -j {said.by} -a", said.output)


def _c4d(said: Options) -> Rendering:
    line = _line(said.exec or "Commandline", "-nogui -render", quoted(said.scene))
    line += f" -frame @#@ @#@ {said.by}" + _if(said.take, "-take") + _if(said.output, "-oimage")
    return _one("c4d", _line(line, said.extrargs), said.output)


def _clarisse(said: Options) -> Rendering:
    line = _line(said.exec or "cnode", quoted(said.scene)) + _if(said.node, "-image")
    line += f" -frames_list @#@:@#@%{said.by}" + _if(said.output, "-output")
    return _one("clarisse", _line(line, said.extrargs), said.output)


def _fusion(said: Options) -> Rendering:
    line = _line(said.exec or "FusionRenderNode", quoted(said.scene), "-render")
    line += f" -start @#@ -end @#@ -step {said.by} -verbose -quit"
    return _one("fusion", _line(line, said.extrargs))


def _houdini(said: Options) -> Rendering:
    """Render a node by Houdini's own language; another program is asked as CGRU's wrapper is.

    Raises:
        BadScene: no node is named.
    """
    if not said.node:
        raise BadScene(
            "say -node: which of the scene's drivers is to render, such as /out/mantra1"
        )
    if said.exec:
        threads = f"--numcpus {str_capacity}" if said.varies_capacity else ""
        line = _line(said.exec, threads, "-i" if said.ignoreinputs else "")
        line += f" -s @#@ -e @#@ --by {said.by}" + _if(said.take, "-t")
        line = _line(line, said.extrargs, quoted(said.scene), quoted(said.node))
        return _one(said.type or "hbatch_mantra", line, said.output)
    take = f"takeset {said.take}; " if said.take else ""
    alone = "-s " if said.ignoreinputs else ""
    output = f"-o {_filled(said.output)} " if said.output else ""
    script = f"{take}render -V {alone}{output}-f @#@ @#@ -i {said.by} {said.node}; quit"
    threads = f"-j {str_capacity}" if said.varies_capacity else ""
    line = _line("hbatch", threads, said.extrargs, "-c", quoted(script))
    return _one(said.type or "hbatch_mantra", f"{line} {quoted(said.scene)}", said.output)


def _lightwave(said: Options) -> Rendering:
    line = _line(said.exec or "lwsn", "-3", _if(said.proj or said.pwd, "-d", between=""))
    return _one(
        "lightwave",
        _line(line, said.extrargs, quoted(said.scene), f"@#@ @#@ {said.by}"),
        said.output,
    )


def _mantra(said: Options) -> Rendering:
    threads = f"-j {str_capacity}" if said.varies_capacity else ""
    line = _line(said.exec or "mantra", threads, said.extrargs, "-V a -f", _frames(said.scene))
    return _one("mantra", _line(line, quoted(said.output) if said.output else ""), said.output)


_MAYA_RENDERERS: Final[Mapping[str, str]] = {
    "maya_arnold": "arnold",
    "maya_delight": "3delight",
    "maya_mental": "mr",
    "maya_redshift": "redshift",
}


def _maya(said: Options) -> Rendering:
    renderer = _MAYA_RENDERERS.get(said.type, "")
    line = _line(said.exec or "Render", f"-r {renderer}" if renderer else "")
    delight = renderer == "3delight"
    line += " -an 1 -s @#@ -e @#@ -inc" if delight else " -s @#@ -e @#@ -b"
    line += f" {said.by}" + _if(said.node, "-cam") + _if(said.take, "-rp" if delight else "-rl")
    if said.output and not delight:
        line += _maya_output(said.output)
    line += _if(said.proj or said.pwd, "-proj")
    service = said.type if renderer else "maya"
    return _one(service, _line(line, said.extrargs, quoted(said.scene)), said.output)


def _maya_output(output: str) -> str:
    """Name folder, stem and format: `/p/beauty.####.exr` is beauty, in exr, in /p."""
    folder, name = posixpath.split(output.replace("\\", "/"))
    stem, _, ending = name.partition(".")
    ending = ending.rpartition(".")[2]
    return _if(folder, "-rd") + _if(stem, "-im") + _if(ending, "-of")


def _max(said: Options) -> Rendering:
    line = _line(said.exec or "3dsmaxcmd", quoted(said.scene))
    line += f" -start:@#@ -end:@#@ -nthFrame:{said.by} -v:5 -continueOnError -showRFW:0"
    line += _if(said.node, "-cam", between=":")
    if said.take:
        line += " -batchrender" + ("" if said.take == "all" else f":{quoted(said.take)}")
    line += _if(said.output, "-o", between=":")
    name = " ".join(part for part in (said.take, said.node) if part)
    commands = ((name, _line(line, said.extrargs)),)
    return Rendering("max", commands, said.output, map_paths=False)


def _mental_ray(said: Options) -> Rendering:
    line = _line(said.exec or "ray", "-verbose 5", said.extrargs, _frames(said.scene))
    return _one("mentalray", line, said.output)


def _natron(said: Options) -> Rendering:
    line = _line(said.exec or "NatronRenderer") + _if(said.node, "-w")
    line += f" @#@-@#@:{said.by}"
    return _one("natron", _line(line, said.extrargs, quoted(said.scene)), said.output)


def _nuke(said: Options) -> Rendering:
    line = _line(said.exec or "nuke") + _if(said.script, "-t")
    line += f" -F @#@-@#@x{said.by}"
    line += f" -m {str_capacity}" if said.varies_capacity else ""
    line += f" -X {said.node}" if said.node else ""
    return _one("nuke", _line(line, "-x", quoted(said.scene), said.extrargs), said.output)


def _renderman(said: Options) -> Rendering:
    threads = f"-t:{str_capacity}" if said.varies_capacity else ""
    line = _line(said.exec or "prman", "-Progress", threads, said.extrargs, _frames(said.scene))
    return _one("prman", line, said.output)


def _shake(said: Options) -> Rendering:
    line = _line(said.exec or "shake", "-exec", quoted(said.scene), said.extrargs)
    return _one("generic", f"{line} -vv -t @#@-@#@x{said.by}", said.output)


def _vray(said: Options) -> Rendering:
    line = _line(said.exec or "vray", f"-sceneFile={quoted(said.scene)}")
    line += f" -frames=@#@-@#@,{said.by} -display=0" + _if(said.output, "-imgFile", between="=")
    return _one("vray", _line(line, said.extrargs), said.output)


def _xsi(said: Options) -> Rendering:
    """Softimage itself; or a script of the studio, once for each value of a parameter.

    Raises:
        BadScene: there are no values, or too many.
    """
    line = _line(said.exec or "xsibatch")
    if not said.script:
        line += f" -render {quoted(said.scene)} -frames @#@,@#@,{said.by}"
        line += _if(said.take, "-pass") + _if(said.output, "-output_dir")
        return _one("xsi", _line(line, said.extrargs))
    line += f" -script {quoted(said.script)} -lang Python -main afRender -args"
    line += f" -scene {quoted(said.scene)} -start @#@ -end @#@ -step {said.by}"
    line += f" -simulate {int(said.simulate)}" + _if(said.take, "-renderPass")
    line = _line(line, said.extrargs)
    vary = said.varirender
    if vary is None:
        return _one("xsi", line, said.output)
    if not 0 < vary.times <= BLOCKS_MAX:
        raise BadScene(f"-varirender: 1 to {BLOCKS_MAX} values, not {vary.times} values")
    values = [vary.start + vary.step * number for number in range(vary.times)]
    commands = [
        (f"variant[{value}]", f"{line} -attr {vary.attribute} -value {value}") for value in values
    ]
    return Rendering("xsi", tuple(commands), said.output)


def _command(said: Options) -> Rendering:
    """Any program: it is given the first frame and the last one."""
    return _one("generic", _line(said.exec or said.scene, said.extrargs, "@#@ @#@"), said.output)


#: Which program renders a scene, by the end of its name.
_WAYS: Final[Mapping[str, Callable[[Options], Rendering]]] = {
    ".aep": _afterfx,
    ".ass": _arnold,
    ".blend": _blender,
    ".c4d": _c4d,
    ".comp": _fusion,
    ".hip": _houdini,
    ".hiplc": _houdini,
    ".hipnc": _houdini,
    ".ifd": _mantra,
    ".lws": _lightwave,
    ".ma": _maya,
    ".max": _max,
    ".mb": _maya,
    ".mi": _mental_ray,
    ".nk": _nuke,
    ".ntp": _natron,
    ".project": _clarisse,
    ".rib": _renderman,
    ".scn": _xsi,
    ".shk": _shake,
    ".vrscene": _vray,
}
ENDINGS: Final = tuple(sorted(ending.removeprefix(".") for ending in _WAYS))


def _one(service: str, command: str, images: str = "") -> Rendering:
    return Rendering(service, (("", command),), images)


def _line(*words: str) -> str:
    return " ".join(word.strip() for word in words if word.strip())


def _if(value: str, option: str, *, between: str = " ") -> str:
    """An option with its value, behind a blank; nothing where there is no value."""
    return f" {option}{between}{quoted(value)}" if value else ""


def quoted(text: str) -> str:
    """Quote a text such that every system's shell keeps it in one piece.

    Raises:
        BadScene: none can.
    """
    if '"' in text:
        raise BadScene(f"a path or a name must not have a quotation mark in it: {text}")
    return f'"{text}"'


def _frames(scene: str) -> str:
    """A scene that is a file for each frame: with a pattern in its name."""
    return quoted(patternFromDigits(patternFromStdC(scene)))


def _hashes(output: str) -> str:
    """A pattern as programs write it: `a.@####@.png` as `a.####.png`."""
    return output.replace("@#", "#").replace("#@", "#")


def _filled(output: str) -> str:
    """A pattern as Houdini writes it: `a.####.exr` as `a.$F4.exr`."""
    width = output.count("#")
    return _hashes(output).replace("#" * width, f"$F{width}") if width else output
