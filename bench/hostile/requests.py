"""The list: malformed, too deep, too large, of the wrong type, out of place, forged, half sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

DEEP: Final = 100_000  # brackets in each other
HUGE: Final = "9" * 5_000  # digits
LONG: Final = 2_000_000  # characters
JOBS: Final = "/api/v1/jobs"


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """One bad request.

    Attributes:
        name: what is wrong with it.
        data: its bytes, as they go into a fresh connection.
        field: what the answer has to name; None where no field is at fault.
    """

    name: str
    data: bytes
    field: str | None = None


class Writer:
    """Writes requests to one server.

    Args:
        host: its name and port.
        token: of its owner: what is refused is the content.
    """

    def __init__(self, host: str, token: str) -> None:
        self._host = host
        self._token = token

    def raw(self, line: str, *headers: str, body: bytes = b"", host: str | None = None) -> bytes:
        """A request as it is written."""
        named = () if host == "" else (f"Host: {host or self._host}",)
        head = [line, *named, f"Authorization: Bearer {self._token}", *headers, "", ""]
        return "\r\n".join(head).encode("latin-1") + body

    def post(self, path: str, body: bytes, *headers: str, method: str = "POST") -> bytes:
        """A request with a body of JSON."""
        length = (f"Content-Length: {len(body)}", "Content-Type: application/json")
        return self.raw(f"{method} {path} HTTP/1.1", *length, *headers, body=body)

    def get(self, path: str, *headers: str) -> bytes:
        """A request without a body."""
        return self.raw(f"GET {path} HTTP/1.1", *headers)

    def job(self, block: dict[str, Any] | None = None, **fields: Any) -> bytes:
        """A submission that would be good without the fields given."""
        blocks = [{"command": ["true"], "frames": "1-3", **(block or {})}]
        return self.post(JOBS, msgspec.json.encode({"name": "bad", "blocks": blocks, **fields}))


def bad_requests(write: Writer) -> list[Bad]:
    """All of them."""
    return [
        *_malformed(write),
        *_types(write),
        *_numbers(write),
        *_blocks(write),
        *_paths(write),
        *_headers(write),
        *_protocol(write),
    ]


def _malformed(write: Writer) -> Iterator[Bad]:
    bodies = {
        "an empty body": b"",
        "a body that is no JSON": b"<job/>",
        "JSON cut off": b'{"name": "x", "blocks": [{',
        "JSON with something behind it": b'{"name": "x", "blocks": []} {}',
        "a body of zero bytes": bytes(1_000),
        "text that is no UTF-8": b'{"name": "\xff\xfe", "blocks": []}',
        "a lone surrogate": b'{"name": "\\ud800", "blocks": [{"frames": "1"}]}',
        "NaN where a number is wanted": b'{"name": "x", "blocks": [], "wait_until": NaN}',
        "an array for a job": b"[]",
        "null for a job": b"null",
        "a number for a job": b"1e999",
    }
    for name, body in bodies.items():
        yield Bad(name=name, data=write.post(JOBS, body))
    deep = b"[" * DEEP + b"]" * DEEP
    yield Bad(name="100,000 arrays in each other", data=write.post(JOBS, deep))
    deep = b'{"a":' * DEEP + b"1" + b"}" * DEEP
    yield Bad(name="100,000 objects in each other", data=write.post(JOBS, deep))
    deep = b'{"name": "x", "blocks": [], "description": ' + b"[" * DEEP + b"]" * DEEP + b"}"
    yield Bad(name="a deep value in a field", data=write.post(JOBS, deep))
    deep = b'{"priority": ' + b"[" * DEEP + b"]" * DEEP + b"}"
    yield Bad(name="a deep value in a change", data=write.post(f"{JOBS}/1", deep, method="PATCH"))


def _types(write: Writer) -> Iterator[Bad]:
    wrong: dict[str, Any] = {
        "name": 7,
        "priority": "high",
        "branch": ["/"],
        "paused": "yes",
        "folders": {"out": 7},
        "depend_jobs": ["1"],
        "user": {"name": "root"},
        "wait_until": "tomorrow",
        "pools": {"/": 1_000},
        "hosts_mask_type": "glob",
    }
    for field, value in wrong.items():
        yield Bad(name=f"{field} = {value!r}", data=write.job(**{field: value}), field=field)
    yield Bad(name="no name", data=write.post(JOBS, b'{"blocks": []}'), field="name")
    yield Bad(name="no blocks", data=write.post(JOBS, b'{"name": "x"}'), field="blocks")
    yield Bad(name="an empty list of blocks", data=write.job(blocks=[]), field="blocks")
    yield Bad(name="an unknown field", data=write.job(priorty=5), field="priorty")
    yield Bad(name="an empty name", data=write.job(name=""), field="name")
    yield Bad(name="a name of 2 MB", data=write.job(name="x" * LONG), field="name")
    yield Bad(name="a description of 2 MB", data=write.job(description="x" * LONG), field="desc")


def _numbers(write: Writer) -> Iterator[Bad]:
    digits = HUGE.encode()
    body = b'{"name": "x", "blocks": [{"frames": "1"}], "priority": ' + digits + b"}"
    yield Bad(name="a priority of 5,000 digits", data=write.post(JOBS, body))
    numbers: dict[str, tuple[Any, ...]] = {
        "priority": (-1, 256, 1.5),
        "life_time_s": (2**63,),
        "depend_jobs": ([-1],),
    }
    for field, values in numbers.items():
        for value in values:
            name = f"{field} = {value}"
            body = write.job(None, **{field: value})
            yield Bad(name=name, data=body, field=field)
    yield Bad(name="a job number of 5,000 digits", data=write.get(f"{JOBS}/{HUGE}"))
    yield Bad(name="a negative job number", data=write.get(f"{JOBS}/-1"))
    yield Bad(name="a limit of 10^18", data=write.get(f"{JOBS}?limit={10**18}"), field="limit")
    yield Bad(name="a limit that is no number", data=write.get(f"{JOBS}?limit=x"), field="limit")


def _blocks(write: Writer) -> Iterator[Bad]:
    wrong: dict[str, Any] = {
        "frames": ("1-", "1-10x0", "a", "1-99999999999", "10-1x-0", "1," * 400_000 + "1", 7),
        "frames_per_task": (1.5, 10**9),
        "command": (7, {"sh": "-c"}),
        "environment": ({"A": 1},),
        "capacity": (0, 2**40),
        "tickets": ({"nuke": -1},),
        "service": ("no-such-service", "../../etc"),
        "depend_mask": ("(" * 1_000, "a{1000}{1000}{1000}"),
        "tasks_depend_mask": ("(?<=x)y",),
        "errors_retries": (1_000,),
        "file_size_min": (-7,),
    }
    for field, values in wrong.items():
        for value in values:
            name = f"blocks[0].{field} = {str(value)[:30]}"
            yield Bad(name=name, data=write.job({field: value}), field=field)

    mask = {"hosts_mask": "[", "hosts_mask_type": "regex"}
    yield Bad(name="hosts_mask = [", data=write.job(None, **mask), field="hosts_mask")


def _paths(write: Writer) -> Iterator[Bad]:
    paths = {
        "up out of the page's folder": "/../../../../etc/passwd",
        "the same, encoded": "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "the same, encoded twice": "/%252e%252e/%252e%252e/etc/passwd",
        "the same, backslashes": "/..\\..\\..\\etc\\passwd",
        "a zero byte in a path": "/api/v1/jobs/1%00",
        "a path of 60,000 characters": "/" + "a" * 60_000,
        "a log by a path": "/api/v1/runs/..%2f..%2fadmin.token/log",
        "no such route": "/api/v1/nothing",
        "no such job": "/api/v1/jobs/999999",
        "no such run's log": "/api/v1/runs/999999/log",
    }
    for name, path in paths.items():
        yield Bad(name=name, data=write.get(path))


def _headers(write: Writer) -> Iterator[Bad]:
    body = b'{"name": "x", "blocks": []}'
    yield Bad(
        name="two lengths",
        data=write.post(JOBS, body, "Content-Length: 5"),
    )
    yield Bad(
        name="a length and chunks (request smuggling)",
        data=write.post(JOBS, b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n", "Transfer-Encoding: chunked"),
    )
    yield Bad(
        name="a chunk size that is no number",
        data=write.raw(f"POST {JOBS} HTTP/1.1", "Transfer-Encoding: chunked", body=b"zz\r\n"),
    )
    yield Bad(
        name="a length of 10^18",
        data=write.raw(f"POST {JOBS} HTTP/1.1", f"Content-Length: {10**18}"),
    )
    yield Bad(
        name="a negative length", data=write.raw(f"POST {JOBS} HTTP/1.1", "Content-Length: -1")
    )
    yield Bad(name="a header of 1 MB", data=write.get(JOBS, "X: " + "x" * 1_000_000))
    yield Bad(name="100,000 headers", data=write.get(JOBS, *(f"X{n}: x" for n in range(100_000))))
    yield Bad(name="a line folded", data=write.get(JOBS, "X: a\r\n b", "Broken"))
    yield Bad(name="no host", data=write.raw(f"GET {JOBS} HTTP/1.1", host=""))
    yield Bad(name="another host", data=write.raw(f"GET {JOBS} HTTP/1.1", host="evil.example"))
    yield Bad(name="two hosts", data=write.get(JOBS, "Host: evil.example"))
    evil = "Origin: https://evil.example"
    yield Bad(name="a page of another site", data=write.post(JOBS, body, evil))
    yield Bad(name="a forged user", data=write.get(JOBS, "Grange-User: " + "x" * 10_000))
    yield Bad(name="two credentials", data=write.get(JOBS, "Authorization: Bearer x"))


def _protocol(write: Writer) -> Iterator[Bad]:
    yield Bad(name="no HTTP at all", data=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20)
    yield Bad(name="no such method", data=write.raw(f"BREW {JOBS} HTTP/1.1"))
    yield Bad(name="a method that is not for it", data=write.raw(f"PUT {JOBS} HTTP/1.1"))
    yield Bad(name="HTTP/9.9", data=write.raw(f"GET {JOBS} HTTP/9.9"))
    yield Bad(name="no credential", data=b"GET /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    yield Bad(
        name="a WebSocket where there is none",
        data=write.get("/api/v1/nothing", *upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
    )
    yield Bad(name="a WebSocket without a key", data=write.get("/api/v1/worker", *upgrade))
