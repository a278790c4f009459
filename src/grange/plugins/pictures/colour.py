"""What a picture's numbers mean, and how they look on a screen (sRGB, ITU-R BT.709 primaries).

Plain formulas and no colour configuration: what a viewer shows without a look. A studio's own
transforms are not known to the farm, a configuration out of a job's environment would be one
more foreign file to read, and a thumbnail that is the same on every machine is worth more.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]  # rows, columns, channels

#: Transfer characteristics of DPX that mean a film's density (SMPTE 268M, table 5).
FILM: Final = frozenset({"printing density", "logarithmic"})
UNSAID: Final = frozenset({"", "user defined", "undefined"})  # DPX: nothing that one can go by
CODES: Final = 1_023  # Cineon: the highest code of ten bits
WHITE: Final = 685  # code of a white card
BLACK: Final = 95  # code of film that was not exposed
DENSITY: Final = 0.002 / 0.6  # density a code, by the film's gamma: powers of ten

#: XYZ of D65 -> linear BT.709.
FROM_XYZ: Final = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)
D65: Final = np.array([0.95047, 1.0, 1.08883])
#: Bradford's cone responses, for another white.
CONES: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


class Encoding(Enum):
    """How numbers stand for light."""

    LINEAR = "linear"  #: a scene's light
    FILM = "film"  #: Cineon: the logarithm of light, as film has it
    SCREEN = "screen"  #: as a screen takes it


def encoding_of(form: str, spec: Any) -> Encoding:
    """Tell how a picture is encoded, by its format, its numbers and what its header says.

    Args:
        form: of the file, as OpenImageIO calls it.
        spec: OpenImageIO's, of the picture.
    """
    if form == "cineon":
        return Encoding.FILM
    if form == "dpx":
        return _of_dpx(spec)
    said = spec.get_string_attribute("oiio:ColorSpace").lower()
    floats = str(spec.format) in ("half", "float", "double")
    if form in ("openexr", "hdr") or (floats and "srgb" not in said) or said.startswith("lin"):
        return Encoding.LINEAR
    return Encoding.SCREEN


def _of_dpx(spec: Any) -> Encoding:
    """Take ten bits for film where nothing speaks against it, as Afanasy takes every DPX.

    ffmpeg writes "linear" above what is not: that counts where there are numbers enough.
    """
    said = spec.get_string_attribute("dpx:Transfer").lower()
    bits = spec.get_int_attribute("oiio:BitsPerSample", 8 * spec.format.size())
    if said in FILM or (said in UNSAID and bits == 10):
        return Encoding.FILM
    return Encoding.LINEAR if said == "linear" and bits >= 16 else Encoding.SCREEN


def to_linear(pixels: Pixels) -> Pixels:
    """Turn film's codes, 0 to 1, into light: a white card is 1."""
    black = 10 ** ((BLACK - WHITE) * DENSITY)
    light = 10 ** ((pixels * CODES - WHITE) * np.float32(DENSITY))
    return ((light - black) / (1 - black)).astype(np.float32)


def to_screen(light: Pixels) -> Pixels:
    """Turn linear light into what sRGB has for it, 0 to 1; what is brighter is 1."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def to_bt709(chromaticities: Any) -> NDArray[np.float64] | None:
    """Give the matrix to our primaries; None where there is nothing to do, or nothing said.

    Args:
        chromaticities: x and y of red, green, blue and white, as an EXR's header has them.
    """
    if not isinstance(chromaticities, tuple) or len(chromaticities) != 8:
        return None
    x, y = np.array(chromaticities, np.float64).reshape(4, 2).T
    if not np.isfinite([x, y]).all() or (np.abs(y) < 1e-3).any():
        return None
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    primaries, white = xyz[:, :3], xyz[:, 3]
    if abs(np.linalg.det(primaries)) < 1e-6:
        return None
    to_xyz = primaries * np.linalg.solve(primaries, white)
    with np.errstate(all="ignore"):  # a white that is none makes what is not finite
        adapted = np.linalg.inv(CONES) @ np.diag((CONES @ D65) / (CONES @ white)) @ CONES
        matrix = FROM_XYZ @ adapted @ to_xyz
    usable = np.isfinite(matrix).all() and not np.allclose(matrix, np.eye(3), atol=1e-3)
    return matrix if usable else None
