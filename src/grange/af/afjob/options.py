"""What can be said of a scene that is to be rendered."""

from __future__ import annotations

import msgspec


class Variation(msgspec.Struct, frozen=True):
    """A parameter of the scene that is rendered with several values."""

    attribute: str
    start: int
    step: int
    times: int


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """A scene, its frames and all else, by the names of afjob's options; "" and -1: not said."""

    scene: str
    first: int
    last: int
    by: int = 1  #: every so many frames
    fpt: int = 1  #: frames per task
    seq: int = 1  #: order of the tasks
    pwd: str = ""  #: where to run
    name: str = ""  #: of the job
    proj: str = ""  #: of the program
    node: str = ""  #: what of the scene to render: a driver, a write node, a camera, an image
    type: str = ""  #: service
    take: str = ""  #: take, pass, layer or template
    ignoreinputs: bool = False  #: do not render what the node depends on
    tempscene: bool = False  #: render a copy
    deletescene: bool = False  #: delete the scene with the job
    pause: bool = False
    os: str = ""  #: mask of systems; any
    hostsmask: str = ""
    hostsexcl: str = ""
    lifetime: int = -1  #: seconds
    maxruntasks: int = -1
    maxruntime: int = 0  #: seconds
    maxtasksperhost: int = -1
    priority: int = -1
    capacity: int = -1
    capmin: int = -1
    capmax: int = -1
    depmask: str = ""
    depglbl: str = ""
    exec: str = ""  #: in the place of the program's name
    extrargs: str = ""  #: more arguments
    images: str = ""  #: what each frame makes: img.%04d.jpg or img.####.jpg
    output: str = ""  #: where the program is to write
    simulate: bool = False
    varirender: Variation | None = None
    script: str = ""  #: that the program runs
    mname: str = ""  #: of a movie that is made of the images
    mcodec: str = ""
    mres: str = ""  #: 1280x720

    @property
    def varies_capacity(self) -> bool:
        """Whether a task may take a multiple of its capacity."""
        return self.capmin != -1 or self.capmax != -1
