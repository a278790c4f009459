"""What is fuzzed: a parser of foreign bytes, what it may refuse them with, and examples."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Parse = Callable[[bytes], object]
Grow = Callable[[int], bytes]  # about so many bytes of something nasty

PIECES = (  # what parsers trip over
    *(b"\0", b"\n", b"\r", b" ", b"\t", b"\x1b[31m", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\x80"),
    *(b"-", b"-1", b"0", b"9" * 25, b"9" * 5_000, b"1e400", b"NaN", b"Infinity", b"0x1f"),
    *(b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b",", b":", b";", b"=", b"/", b"..", b"%00"),
    *(b"@", b"#", b"@#@", b"(", b")", b"(?:a*)*", b"null", b"true", b"\\ud800", b"\\u0000"),
    *(b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"),
    *(b"\xcf" + b"\xff" * 8, b"\xd3\x80" + b"\0" * 7, b"\xcb\x7f\xf0" + b"\0" * 6, b"\xc0"),
    *("²".encode(), "\u0661".encode(), "\u2028".encode(), "\ufeff".encode(), "ß".encode()),
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One way in.

    Attributes:
        name: of the target.
        parse: takes the bytes; asserts that what it made of them can be written and read again.
        reaches: the functions that it is to reach, by module and qualified name.
        refuses: the errors that are documented.
        seeds: valid examples, and some that are nearly so.
        found: inputs that once broke it.
        structured: values of the right shape, as bytes.
        grows: nasty inputs of any size, for the bounds on work and memory.
        memory: bytes at most that are held for a byte of input.
        work: calls at most for a byte of input.
    """

    name: str
    parse: Parse
    reaches: tuple[str, ...]
    refuses: tuple[type[Exception], ...] = ()
    seeds: tuple[bytes, ...] = ()
    found: tuple[bytes, ...] = ()
    structured: st.SearchStrategy[bytes] | None = None
    grows: tuple[Grow, ...] = field(default=())
    memory: int = 64
    work: float = 4.0

    def try_one(self, data: bytes) -> bool:
        """Parse; whether it was taken. Anything but a documented error gets through."""
        try:
            self.parse(data)
        except self.refuses:
            return False
        return True

    def inputs(self) -> st.SearchStrategy[bytes]:
        """Raw bytes, values of the right shape, and both of these damaged."""
        valid = [st.sampled_from(self.seeds)] if self.seeds else []
        valid += [self.structured] if self.structured is not None else []
        damaged = [
            st.builds(damage, source, st.integers(0, 2**32 - 1), st.integers(1, 4))
            for source in valid
        ]
        return st.one_of(st.binary(max_size=200), *valid, *damaged)

    def nasty(self) -> Iterable[Grow]:
        """Its own nasty inputs, and its examples over and over."""
        yield from self.grows
        for seed in filter(None, self.seeds[:4]):
            yield functools.partial(over, seed)
        for piece in (b"[", b"9", b" ", b"\xff", b"a"):
            yield functools.partial(over, piece)


#: A way in by which little comes, such as settings: a byte may cost more.
narrow = functools.partial(Target, memory=400, work=40)


def over(piece: bytes, size: int) -> bytes:
    """A piece over and over, up to a size."""
    return (piece * (size // len(piece) + 1))[:size]


def damage(data: bytes, seed: int, times: int) -> bytes:
    """An example with some bytes lost, flipped, doubled or put in, by a number."""
    chance = random.Random(seed)
    out = bytearray(data)
    for _ in range(times):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.choice((1, 2, 8, 64)))
        match chance.randrange(6):
            case 0:
                del out[at:]
            case 1:
                del out[at:end]
            case 2 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
            case 3:
                out[at:at] = out[at:end]
            case 4:
                out[at:end] = chance.choice(PIECES)
            case _:
                out[at:at] = chance.choice(PIECES)
    return bytes(out)


def text(data: bytes) -> str:
    """Bytes as an argument or a variable comes in: what is no UTF-8 is half a character."""
    return data.decode("utf-8", "surrogateescape")


def same(first: Any, second: Any) -> None:
    """What was written and read again is what it was; compared as text, for NaN is not NaN."""
    assert repr(first) == repr(second)
