"""A worker's machine of its own on the network: a namespace, and a cable to it that can be cut.

Each direction is cut alone by giving one end a wrong hardware address of the other: what it
sends is lost without a word, as behind a broken switch, and nothing but `ip` is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from random import SystemRandom
from types import TracebackType
from typing import Final, Self

from chaos.allowed import NotAllowed

NOBODY: Final = "02:00:00:00:00:01"  # hardware address that no machine has
RING: Final = (198, 18)  # 198.18.0.0/15, for tests of networks (RFC 2544)
TRIES: Final = 50  # to find a part of the ring that no other campaign has
BURST: Final = 2_000  # bytes that a slow cable passes at once: one packet
LATENCY_MS: Final = 2_000  # what waits longer for a slow cable is lost


class Namespace:
    """A network namespace with a cable to this one; a context.

    Attributes:
        name: of the namespace.
        here: our address, where a server may listen.
        there: the address of what runs in it.
    """

    def __init__(self) -> None:
        mark = f"{SystemRandom().getrandbits(32):08x}"
        self.name = f"grange-{mark}"
        self._near, self._far = f"gr{mark}a", f"gr{mark}b"
        self.here = self.there = ""

    def __enter__(self) -> Self:
        """Make it.

        Raises:
            NotAllowed: the kernel says no.
        """
        _need_ip()
        made = _call("ip", "netns", "add", self.name)
        if made.returncode != 0:
            raise NotAllowed(made.stderr.decode().strip())
        try:
            self._lay_cable()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove it; processes that are still in it lose their network."""
        self._remove()

    def _remove(self) -> None:
        _call("ip", "link", "delete", self._near)
        _call("ip", "netns", "delete", self.name)

    def _lay_cable(self) -> None:
        _do("ip", "link", "add", self._near, "type", "veth", "peer", "name", self._far)
        _do("ip", "link", "set", self._far, "netns", self.name)
        self.here = _free()
        self.there = self.here.removesuffix(".1") + ".2"
        _do("ip", "address", "add", f"{self.here}/24", "dev", self._near)
        _do("ip", "link", "set", self._near, "up")
        self._inside("ip", "address", "add", f"{self.there}/24", "dev", self._far)
        self._inside("ip", "link", "set", self._far, "up")
        self._inside("ip", "link", "set", "lo", "up")
        self.mend()

    def _inside(self, *argv: str) -> None:
        _do(*self.prefix, *argv)

    @property
    def prefix(self) -> tuple[str, ...]:
        """What executes a command in it."""
        return ("ip", "netns", "exec", self.name)

    def cut(self, *, up: bool = False, down: bool = False) -> None:
        """Lose all that goes up (from it to us), down (from us to it), or both."""
        if up:
            self._inside(*_neighbour(self.here, NOBODY, self._far))
        if down:
            _do(*_neighbour(self.there, NOBODY, self._near))

    def mend(self) -> None:
        """Let everything through again."""
        self._inside(*_neighbour(self.here, self._address_of(self._near), self._far))
        far = self._address_of(self._far, *self.prefix)
        _do(*_neighbour(self.there, far, self._near))

    def slow(self, bytes_s: int) -> None:
        """Let so many bytes a second through, each way; 0 as fast as it goes."""
        _call("tc", "qdisc", "delete", "dev", self._near, "root")
        _call(*self.prefix, "tc", "qdisc", "delete", "dev", self._far, "root")
        if bytes_s:
            bound = ("tbf", "rate", f"{bytes_s}bps", "burst", f"{BURST}", "latency")
            for prefix, end in (((), self._near), (self.prefix, self._far)):
                _do(*prefix, "tc", "qdisc", "add", "dev", end, "root", *bound, f"{LATENCY_MS}ms")

    def renumber(self) -> None:
        """Give it another address, as a network does that forgot it; its connections are dead."""
        net, _, number = self.there.rpartition(".")
        old, self.there = self.there, f"{net}.{int(number) + 1}"
        self._inside("ip", "address", "delete", f"{old}/24", "dev", self._far)
        self._inside("ip", "address", "add", f"{self.there}/24", "dev", self._far)
        self.mend()

    def _address_of(self, end: str, *prefix: str) -> str:
        told = _do(*prefix, "ip", "-brief", "link", "show", "dev", end)
        return told.split()[2]


def _neighbour(address: str, hardware: str, end: str) -> tuple[str, ...]:
    of = (address, "lladdr", hardware, "dev", end)
    return ("ip", "neighbour", "replace", *of, "nud", "permanent")


def _free() -> str:
    """The first address of a part of the ring that this machine does not use."""
    taken = _do("ip", "-brief", "address", "show")
    random = SystemRandom()
    for _ in range(TRIES):
        net = f"{RING[0]}.{RING[1] + random.getrandbits(1)}.{random.getrandbits(8)}."
        if net not in taken:
            return f"{net}1"
    raise NotAllowed(f"all of {RING[0]}.{RING[1]}.0.0/15 seems to be in use here")


def _need_ip() -> None:
    if shutil.which("ip") is None:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ("apt-get", "install", "--yes", "--quiet", "iproute2")
        try:
            subprocess.run(install, env=environment, stdout=subprocess.DEVNULL, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NotAllowed(f"iproute2 is needed and cannot be installed: {error}") from error


def _call(*argv: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _do(*argv: str) -> str:
    done = _call(*argv)
    if done.returncode != 0:
        raise NotAllowed(f"{' '.join(argv)}: {done.stderr.decode().strip()}")
    return done.stdout.decode()
