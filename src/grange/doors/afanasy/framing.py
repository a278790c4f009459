"""One port, four ways to ask: the first bytes tell text, HTTP and binary messages apart.

Nothing here reads or writes. Bytes go in as they come; when a request is whole, it comes out.
Specification 1.1-1.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from grange.doors.afanasy.binary import types
from grange.doors.afanasy.binary.primitives import Broken
from grange.model.version import VERSION

HTTP_HEAD_MAX: Final = 16 * 1024  # bytes of a request's line and headers
TEXT_HEAD_MAX: Final = 64  # bytes up to the word JSON

_TEXT: Final = re.compile(
    rb"(?:\[ \* )?AFANASY(?: \* \])?(?: +\d{1,10}){0,2} +(\d{1,10}) +JSON", re.IGNORECASE
)
_TEXT_BEGINS: Final = (b"AFANASY", b"[ * AFANASY")
_METHOD: Final = re.compile(rb"[A-Z]{3,7} ")
_LINE: Final = re.compile(rb"([A-Z]{3,7}) ([!-~]{1,8192}) HTTP/1\.[01]")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")
_LENGTH: Final = re.compile(rb"\d{1,12}")
_WIDE: Final = re.compile(r"[^\x00-\x7f]+")
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    503: "Service Unavailable",
}
JSON_TYPE: Final = "application/json"


class Text(msgspec.Struct, frozen=True):
    """JSON after the words `AFANASY <n> JSON`: what scripts send."""

    body: bytes
    bare: bool = False  #: whether its sender, of before 2.1, reads the whole answer as JSON


class Post(msgspec.Struct, frozen=True):
    """JSON in a POST: what the web page sends."""

    body: bytes
    host: str  #: header Host
    origin: str | None  #: header Origin; None: it was not a page, or an old browser's
    marked: bool  #: whether it has the header AFANASY, which no foreign page may set


class Get(msgspec.Struct, frozen=True):
    """A file that the web page wants."""

    path: str  #: as it was sent, with its %-signs, without what follows a question mark
    host: str


class Binary(msgspec.Struct, frozen=True):
    """A message of render nodes and of the desktop program."""

    kind: types.Kind
    value: int  #: of kinds that hold a number; else 0
    body: bytes


Request = Text | Post | Get | Binary


class BadFrame(Exception):
    """What came is no request; `reply` is the answer in the sender's own way of speaking."""

    def __init__(self, why: str, reply: bytes) -> None:
        super().__init__(why)
        self.reply = reply


class Intake:
    """Makes one request out of the bytes of a connection.

    Args:
        message_max: bytes of a request without its head.
    """

    def __init__(self, message_max: int = types.DATA_MAX) -> None:
        self._max = message_max
        self._data = bytearray()
        self._looked = 0  # bytes that were searched for the end of a head
        self._start = 0  # where the body begins
        self._length = 0
        self._make: Callable[[bytes], Request] | None = None  # once the head is read

    def feed(self, data: bytes) -> Request | None:
        """Take bytes; the request as soon as it is whole. What comes after it is ignored.

        Raises:
            BadFrame: they are no request, or one that is too large.
        """
        self._data += data
        if self._make is None and len(self._data) >= types.HEADER_BYTES:
            self._read_head()
        end = self._start + self._length
        if self._make is None or len(self._data) < end:
            return None
        return self._make(bytes(memoryview(self._data)[self._start : end]))

    def _read_head(self) -> None:
        begin = bytes(self._data[: types.HEADER_BYTES])
        if begin.upper().startswith(_TEXT_BEGINS):
            self._read_text()
        elif _METHOD.match(begin):
            self._read_http()
        else:
            self._read_binary()

    def _read_text(self) -> None:
        begin = bytes(self._data[:TEXT_HEAD_MAX])
        head = _TEXT.match(begin)
        if head is not None:
            bare = begin.startswith(b"[")
            self._expect(head.end(), int(head[1]), lambda body: Text(body, bare), text_error)
        elif len(begin) >= TEXT_HEAD_MAX or b"JSON" in begin.upper():
            why = "a message begins with: AFANASY <number of bytes> JSON"
            raise BadFrame(why, text_error(why))

    def _read_http(self) -> None:
        end = self._data.find(b"\r\n\r\n", max(0, self._looked - 3))
        self._looked = len(self._data)
        if (end if end >= 0 else self._looked) > HTTP_HEAD_MAX:
            raise _bad_http(431, f"headers have at most {HTTP_HEAD_MAX} bytes")
        if end < 0:
            return
        first, *lines = bytes(self._data[:end]).split(b"\r\n")
        request = _LINE.fullmatch(first)
        if request is None:
            raise _bad_http(400, "the request's first line cannot be read")
        headers = _headers(lines)
        host = headers.get(b"host", b"").decode("latin-1")
        if request[1] == b"GET":
            path = request[2].partition(b"?")[0].decode("ascii")
            self._make = lambda _: Get(path, host)
        elif request[1] == b"POST":
            self._read_post(headers, host, end + 4)
        else:
            raise _bad_http(405, "only GET and POST are understood here")

    def _read_post(self, headers: Mapping[bytes, bytes], host: str, start: int) -> None:
        if b"transfer-encoding" in headers:
            raise _bad_http(501, "the body is to be sent whole, with its Content-Length")
        length = headers.get(b"content-length", b"")
        if not _LENGTH.fullmatch(length):
            raise _bad_http(411, "Content-Length is missing, or is no number")
        origin = headers.get(b"origin")
        said = origin.decode("latin-1") if origin is not None else None
        marked = b"afanasy" in headers
        self._expect(
            start,
            int(length),
            lambda body: Post(body, host, said, marked),
            lambda why: http_reply(413, error_body(why)),
        )

    def _read_binary(self) -> None:
        try:
            head = types.header(bytes(self._data[: types.HEADER_BYTES]))
        except types.WrongVersion as why:
            raise BadFrame(str(why), types.mismatch()) from why
        except Broken as why:
            raise BadFrame(str(why), text_error(str(why))) from why
        value = head.value if head.kind.holds_number else 0
        self._expect(
            types.HEADER_BYTES,
            head.size,
            lambda body: Binary(head.kind, value, body),
            text_error,
        )

    def _expect(
        self,
        start: int,
        length: int,
        make: Callable[[bytes], Request],
        refuse: Callable[[str], bytes],
    ) -> None:
        if not 0 <= length <= self._max:
            why = f"a message has at most {self._max} bytes"
            raise BadFrame(why, refuse(why))
        self._start, self._length, self._make = start, length, make


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    """Headers by their names in small letters.

    Raises:
        BadFrame: one cannot be read, or comes twice and contradicts.
    """
    found: dict[bytes, bytes] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise _bad_http(400, "a header cannot be read")
        name, value = header[1].lower(), header[2]
        if found.setdefault(name, value) != value:
            raise _bad_http(400, f"the header {name.decode()} comes twice")
    return found


def _bad_http(status: int, why: str) -> BadFrame:
    return BadFrame(why, http_reply(status, error_body(why)))


def json_of(body: bytes) -> bytes:
    """The JSON of a message: old clients put their own head before it."""
    start = body.find(b"{")
    if start > 0 and b"AFANASY" in body[:start].upper():
        body = body[start:]
    return body.strip(b"\0 \r\n\t")


def error_body(why: str) -> bytes:
    """A sentence that clients show as an error."""
    return msgspec.json.encode({"info": {"kind": "error", "text": why}})


def text_reply(body: bytes, *, bare: bool = False) -> bytes:
    """An answer to scripts: ASCII, for they decode what comes piece by piece."""
    if not body.isascii():
        body = _WIDE.sub(_escaped, body.decode()).encode()
    return body if bare else b"AFANASY %d JSON%s" % (len(body), body)


def text_error(why: str) -> bytes:
    """A sentence to scripts."""
    return text_reply(error_body(why))


def http_reply(status: int, body: bytes, kind: str = JSON_TYPE, keep_s: int = 0) -> bytes:
    """An answer to a browser.

    Args:
        status: of HTTP.
        body: of the answer.
        kind: its media type.
        keep_s: seconds that the browser may keep it.
    """
    lines = (
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Connection: close",
        f"Content-Length: {len(body)}",
        f"Content-Type: {kind}",
        f"Cache-Control: max-age={keep_s}",
        f"Server: grange/{VERSION}",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: SAMEORIGIN",
        "Referrer-Policy: no-referrer",
        "Cross-Origin-Resource-Policy: same-origin",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + body


def _escaped(found: re.Match[str]) -> str:
    """Characters beyond ASCII as JSON writes them: by their halves of UTF-16."""
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
