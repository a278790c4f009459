"""Numbers of the protocol, and the header before each message."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

import msgspec

from grange.doors.afanasy.binary.primitives import Broken

VERSION: Final = 81  # of CGRU 3.4.1; its clients refuse every other
DATA_MAX: Final = 1 << 26  # bytes of one message's data (the real server's limit)
_HEADER: Final = struct.Struct(">iii")
HEADER_BYTES: Final = _HEADER.size


class Kind(IntEnum):
    """What a message is. The first ones hold one number and no data."""

    NULL = 0
    VERSION_MISMATCH = 1
    INVALID = 2
    CONFIRM = 3
    STAT_REQUEST = 4
    MONITOR_ID = 5
    MONITOR_UPDATE_ID = 6
    MONITOR_DEREGISTER = 7
    RENDER_ID = 8
    RENDER_DEREGISTER = 9
    JOBS_WEIGHT_REQUEST = 10
    DATA = 21
    TEST_DATA = 22
    JSON = 23
    JSON_BINARY = 24
    HTTP = 25
    HTTP_GET = 26
    STRING = 27
    STRING_LIST = 28
    INFO = 29
    STAT_DATA = 30
    MONITOR = 31
    MONITORS_LIST = 32
    MONITOR_EVENTS = 33
    RENDER_REGISTER = 34
    RENDER_UPDATE = 35
    RENDER_EVENTS = 36
    RENDERS_RESOURCES_REQUEST = 37
    RENDERS_LIST = 38
    RENDERS_RESOURCES = 39
    USERS_LIST = 40
    USER_JOBS_ORDER = 41
    BRANCHES_LIST = 42
    POOLS_LIST = 43
    JOBS_LIST = 44
    JOB_PROGRESS = 45
    JOBS_WEIGHT = 46
    JOB = 47
    BLOCKS_PROGRESS = 48
    BLOCKS_PROPERTIES = 49
    BLOCKS = 50
    TASK = 51
    TASK_FILES = 52

    @property
    def holds_number(self) -> bool:
        """Whether it is a number alone."""
        return self < Kind.DATA


class WrongVersion(Broken):
    """The other side speaks another protocol. It is answered with `mismatch`."""


class Header(msgspec.Struct, frozen=True):
    """What comes before the data."""

    kind: Kind
    value: int  #: the number of a kind that holds one, else how many bytes of data follow

    @property
    def size(self) -> int:
        """How many bytes of data follow."""
        return 0 if self.kind.holds_number else self.value


def header(data: bytes) -> Header:
    """Read the `HEADER_BYTES` bytes before a message.

    Raises:
        WrongVersion: another protocol.
        Broken: no such kind, or a length that cannot be.
    """
    if len(data) < HEADER_BYTES:
        raise Broken(f"a message begins with {HEADER_BYTES} bytes, not {len(data)}")
    version, number, value = _HEADER.unpack_from(data)
    if version != VERSION:
        raise WrongVersion(f"protocol {version}; this server speaks {VERSION}")
    try:
        kind = Kind(number)
    except ValueError:
        raise Broken(f"there is no message of type {number}") from None
    if not kind.holds_number and not 0 <= value <= DATA_MAX:
        raise Broken(f"a message of {value} bytes; at most {DATA_MAX}")
    return Header(kind, value)


def framed(kind: Kind, data: bytes | bytearray) -> bytes:
    """A message that holds data, with its header."""
    return _HEADER.pack(VERSION, kind, len(data)) + data


def number(kind: Kind, value: int) -> bytes:
    """A message that is a number."""
    return _HEADER.pack(VERSION, kind, value)


def mismatch() -> bytes:
    """The answer to another protocol."""
    return number(Kind.VERSION_MISMATCH, 1)
