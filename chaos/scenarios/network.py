"""A network that harms messages, connections, or whole machines' cables."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Final

import msgspec

from chaos.netns import Namespace
from chaos.processes import eventually, pause
from chaos.proxy import FAIR, Proxy, Weather
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage
from grange.client.requests import access

STORM_S: Final = 10.0  # of bad weather in one try
CUTS: Final = 12  # of one try
CALM_S: Final = 0.8  # most time between two cuts
DEAF_S: Final = 0.5  # most time for which a connection loses all, before it is cut
LEASE_S: Final = 3.0
CROWD: Final = 8  # workers that come back at once
SLOW: Final = 1_000  # bytes a second
#: What is said again until it is answered. Starts, stops and logs rely on TCP: a connection
#: loses them with its end, and the next one begins with what both sides have.
REPEATED: Final = frozenset({"beat", "beat-ack", "ended", "ended-ack"})
UNORDERED: Final = REPEATED | {"start", "stop"}  # logs rely on TCP's order


def behind_a_proxy(stage: Stage, random: Random, *names: str) -> Proxy:
    """Start a server, and workers that reach it through one proxy."""
    a_farm(stage)
    proxy = stage.enter(Proxy(stage.port, Random(random.random())))
    for name in names:
        stage.start_worker(name, server=proxy.url)
    stage.until_online(*names)
    return proxy


def one_behind_a_proxy(stage: Stage, random: Random) -> Proxy:
    """Start a server, `w1` behind a proxy, and `w2` that reaches it without."""
    proxy = behind_a_proxy(stage, random, "w1")
    stage.start_worker("w2")
    stage.until_online("w2")
    return proxy


def bad_weather(weather: Weather, stage: Stage, random: Random) -> None:
    """Let messages of both ways fare as the weather says, then let it clear up."""
    proxy = behind_a_proxy(stage, random, "w1", "w2")
    with stage.load(random):
        pause(0.5)
        stage.did("harmed", "network", note=str(weather))
        proxy.up.weather = proxy.down.weather = weather
        pause(STORM_S)
        proxy.up.weather = proxy.down.weather = FAIR
        stage.did("mended", "network", note=f"{proxy.up.dropped} {proxy.down.dropped}")
        pause(1.0)


def lose_ends_of_connections(stage: Stage, random: Random) -> None:
    """Let connections lose their last messages, one way or both, and cut them."""
    proxy = behind_a_proxy(stage, random, "w1", "w2")
    nothing = Weather(drop=1.0)
    with stage.load(random):
        for _ in stage.times(CUTS):
            pause(random.uniform(0.0, CALM_S))
            proxy.up.weather = random.choice((FAIR, nothing))
            proxy.down.weather = random.choice((FAIR, nothing))
            pause(random.uniform(0.0, DEAF_S))
            stage.did("cut", "network")
            proxy.cut()
            proxy.up.weather = proxy.down.weather = FAIR


def half_open(stage: Stage, random: Random) -> None:
    """Reset the worker's end only; what it last said reaches the server after it is back."""
    proxy = one_behind_a_proxy(stage, random)
    with stage.load(random):
        for _ in stage.times(CUTS // 2):
            pause(random.uniform(0.2, CALM_S))
            proxy.hold(up=True, down=random.random() < 0.5)
            pause(random.uniform(0.0, DEAF_S))
            stage.did("half-opened", "network")
            proxy.lose_worker()
            pause(random.uniform(0.0, LEASE_S))
            proxy.hold(up=False, down=False)
            stage.did("mended", "network")


def hold_one_way(stage: Stage, random: Random) -> None:
    """Let nothing up, nothing down, or nothing at all through; what was held comes late."""
    proxy = one_behind_a_proxy(stage, random)
    with stage.load(random):
        for _ in stage.times(4):
            up = random.random() < 0.6
            down = not up or random.random() < 0.3
            stage.did("partitioned", "network", note=f"up={up} down={down}")
            proxy.hold(up=up, down=down)
            pause(random.uniform(0.3, 2 * LEASE_S))
            proxy.hold(up=False, down=False)
            stage.did("mended", "network")
            pause(random.uniform(0.3, 1.5))


def all_at_once(stage: Stage, random: Random) -> None:
    """Cut all workers off at once, and let all come back at once."""
    names = [f"w{number}" for number in range(1, CROWD + 1)]
    proxy = behind_a_proxy(stage, random, *names)
    with stage.load(random, low=60):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.0))
            stage.did("cut", "network")
            proxy.refuse(refused=True)
            proxy.cut()
            pause(random.uniform(0.0, 1.5))
            proxy.refuse(refused=False)
            stage.did("mended", "network")
            stage.until_online(*names)


def slow_line(stage: Stage, random: Random) -> None:
    """Pass 1 kB a second each way."""
    stage.settings |= {"lease_s": 6.0, "heartbeat_s": 1.0}
    proxy = behind_a_proxy(stage, random, "w1")
    with stage.load(random, low=4, seconds=(0.1, 0.5)):
        pause(0.5)
        stage.did("slowed", "network")
        proxy.up.weather = proxy.down.weather = Weather(bytes_s=SLOW)
        pause(STORM_S)
        proxy.up.weather = proxy.down.weather = FAIR
        stage.did("mended", "network")


def behind_a_cable(stage: Stage) -> Namespace:
    """Start a server with TLS, `w1` at the other end of a cable, and `w2` on this machine."""
    namespace = stage.enter(Namespace())
    server = stage.start_server(wait=False, listen=namespace.here, worker_accept=True)
    said = stage.state / "server.json"
    eventually(lambda: said.exists() or not server.lives, "the server says where it is")
    where = msgspec.json.decode(said.read_bytes())
    stage.url, stage.fingerprint = where["url"], where["fingerprint"]
    stage.until_up()
    with stage.client() as client:
        code = client.send(access.join_code())
        secrets = [client.send(access.join(code.code, name)).secret for name in ("w1", "w2")]
    for name, prefix, secret in zip(("w1", "w2"), (namespace.prefix, ()), secrets, strict=True):
        stage.start_worker(
            name,
            server=stage.url.replace("http", "ws", 1),
            prefix=prefix,
            fingerprint=stage.fingerprint,
            credential=secret,
        )
    stage.until_online("w1", "w2")
    return namespace


def cut_the_cable(stage: Stage, random: Random) -> None:
    """Lose all packets of one way or both, without a word to anybody."""
    cable = behind_a_cable(stage)
    with stage.load(random):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.5))
            up = random.random() < 0.6
            down = not up or random.random() < 0.3
            stage.did("partitioned", "network", note=f"up={up} down={down}")
            cable.cut(up=up, down=down)
            pause(random.uniform(0.3, 2 * LEASE_S))
            cable.mend()
            stage.did("mended", "network")


def renumber(stage: Stage, random: Random) -> None:
    """Give the worker's machine another address, again and again."""
    cable = behind_a_cable(stage)
    with stage.load(random):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 2.0))
            stage.did("renumbered", "machine", note=cable.there)
            cable.renumber()
            stage.until_online("w1")


def slow_cable(stage: Stage, random: Random) -> None:
    """Let 1 kB a second through, TLS and TCP included."""
    stage.settings |= {"lease_s": 10.0, "heartbeat_s": 2.0, "resources_s": 4.0}
    cable = behind_a_cable(stage)
    with stage.load(random, low=4, seconds=(0.1, 0.5)):
        pause(0.5)
        stage.did("slowed", "network")
        cable.slow(SLOW)
        pause(STORM_S)
        cable.slow(0)
        stage.did("mended", "network")


_scenario = partial(Scenario, promises=ALL, family="network")
SCENARIOS: Final = (
    _scenario(
        name="messages-doubled",
        does="half of all messages between workers and server come twice",
        run=partial(bad_weather, Weather(duplicate=0.5)),
    ),
    _scenario(
        name="messages-late",
        does="each message may be late by half a second",
        run=partial(bad_weather, Weather(delay_s=0.5)),
    ),
    _scenario(
        name="messages-overtaken",
        does="one start, stop, beat, report or acknowledgement in three is overtaken by the next",
        run=partial(bad_weather, Weather(reorder=0.3, kinds=UNORDERED)),
    ),
    _scenario(
        name="messages-lost",
        does="one report, beat or acknowledgement in five is lost",
        run=partial(bad_weather, Weather(drop=0.2, kinds=REPEATED)),
    ),
    _scenario(
        name="connections-cut",
        does="connections lose their last messages, starts and stops too, and are cut",
        run=lose_ends_of_connections,
        short=True,
    ),
    _scenario(
        name="half-open",
        does="the worker's end is reset, the server's stays open, last words come late",
        run=half_open,
    ),
    _scenario(
        name="held-one-way",
        does="one way or both are held for up to two leases; what was held comes late",
        run=hold_one_way,
    ),
    _scenario(
        name="all-reconnect",
        does=f"{CROWD} workers are cut off at once and come back at once",
        run=all_at_once,
    ),
    _scenario(
        name="line-of-1-kB",
        does="all messages pass a line of 1 kB a second",
        run=slow_line,
        tries=2,
    ),
    _scenario(
        name="cable-cut-one-way",
        does="packets of one way or both are lost for up to two leases, in a network namespace",
        run=cut_the_cable,
    ),
    _scenario(
        name="address-changed",
        does="the worker's machine gets another address while it works",
        run=renumber,
        tries=2,
    ),
    _scenario(
        name="cable-of-1-kB",
        does="packets pass a cable of 1 kB a second, in a network namespace",
        run=slow_cable,
        tries=2,
    ),
)
