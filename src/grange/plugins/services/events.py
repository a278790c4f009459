"""News of the farm, told by mail, by a notice or by a studio's own command."""

from __future__ import annotations

import html
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec
from typing_extensions import override

from grange.model.patterns import Command
from grange.plugins.contract import PluginError
from grange.plugins.service import Service

EMAIL: Final = "email"
NOTICE: Final = "notify-send"
DEPTH_MAX: Final = 20  # of custom data
NOTHING: Final = "nobody asked to be told of this"


class Events(Service):
    """Makes a command of what happened to which object, in JSON.

    What is to be done stands in the custom data of the objects:
    `{"emails": [...], "events": {"JOB_DONE": {"methods": ["email"]}}}`. Of several methods
    the strongest is used: mail, then any other, then a notice on the desktop.
    """

    sender: ClassVar[str] = "noreply@cgru.info"  #: for a studio to override

    @override
    def command(self) -> Command:
        """Give the command of the strongest method that has one."""
        told = self.run.command
        try:
            news = msgspec.json.decode(told if isinstance(told, str) else " ".join(told))
            asked = merged(_custom_data(news))
            events = [str(event) for event in news["events"]]
            methods = list(_methods(asked, events))
        except (msgspec.DecodeError, TypeError, KeyError, AttributeError) as fault:
            raise PluginError(f"the command must tell what happened, in JSON: {fault}") from None
        for method in sorted(methods, key=_strength, reverse=True):
            command = self.method_command(method, news, events, asked)
            if command:
                return command
        return ()

    @override
    def skip(self, files: Sequence[str]) -> str:
        """Skip the run when nobody asked to be told."""
        return super().skip(files) or ("" if self.command() else NOTHING)

    def method_command(
        self, method: str, news: Mapping[str, Any], events: Sequence[str], asked: Mapping[str, Any]
    ) -> Command:
        """Give a method's command, empty if it has none. For a studio to override.

        Args:
            method: its name.
            news: the objects, as `user`, `job`, `render`, `pools`.
            events: what happened to them, such as `JOB_DONE`.
            asked: the custom data of all objects.
        """
        if method == EMAIL:
            return self._email(news, events, asked)
        if method == NOTICE:
            return (NOTICE, "Afanasy", f"Job {self.run.job_name}: {titles(events)}")
        job = news.get("job", {})
        return (
            *shlex.split(method),
            *("-jobname", str(job.get("name", "")), "-jobserial", str(job.get("serial", 0))),
        )

    def _email(
        self, news: Mapping[str, Any], events: Sequence[str], asked: Mapping[str, Any]
    ) -> Command:
        addresses = [str(address) for address in asked.get("emails", ())]
        if not addresses:
            return ()
        to = [word for address in addresses for word in ("-t", address)]
        return (
            *("emailsend", "-V", "-f", self.sender, *to),
            *("-s", f"{titles(events)} - {self.run.job_name}"),
            f"<p>Events: <b>{html.escape(titles(events))}</b></p>",
            *_render_lines(news.get("render")),
            f"<p>Job Name: <b>{html.escape(self.run.job_name)}</b></p>",
            f"<p>User Name: <b>{html.escape(self.run.user)}</b></p>",
        )


def titles(events: Iterable[str]) -> str:
    """Write events for people."""
    return ", ".join(event.replace("_", " ").title() for event in events)


def merged(items: Iterable[Any], depth: int = DEPTH_MAX) -> dict[str, Any]:
    """Put objects together: within one another, lists one behind the other.

    A key that begins with `-` is switched off.
    """
    found: dict[str, Any] = {}
    for item in items:
        for key, value in item.items():
            known = found.get(key)
            if key.startswith("-"):
                continue
            if isinstance(value, dict) and depth > 0:
                found[key] = merged(
                    [known, value] if isinstance(known, dict) else [value], depth - 1
                )
            elif isinstance(value, list) and isinstance(known, list):
                found[key] = [*known, *value]
            else:
                found[key] = value
    return found


def _custom_data(news: Mapping[str, Any]) -> Iterator[Any]:
    """Give the custom data of all objects, in their order."""
    pools = news.get("pools", ())
    pools = pools.values() if isinstance(pools, dict) else pools
    for item in (news.get("user"), news.get("job"), news.get("render"), *pools):
        if item and item.get("custom_data"):
            yield msgspec.json.decode(item["custom_data"])


def _methods(asked: Mapping[str, Any], events: Iterable[str]) -> Iterator[str]:
    told = asked.get("events", {})
    for event in events:
        yield from map(str, told.get(event, {}).get("methods", ()))


def _strength(method: str) -> int:
    return {EMAIL: 2, NOTICE: 0}.get(method, 1)


def _render_lines(render: Any) -> Iterator[str]:
    """Tell a machine's name and load."""
    if not render:
        return
    load = render.get("host_resources", {})
    figures = {
        "CPU": f"{100 - load.get('cpu_idle', 100)} %",
        "MEM": f"{load.get('mem_free_mb', 0)} MB free of {load.get('mem_total_mb', 0)}",
        "SWP": f"{load.get('swap_used_mb', 0)} MB used of {load.get('swap_total_mb', 0)}",
        "HDD": f"{load.get('hdd_free_gb', 0)} GB free of {load.get('hdd_total_gb', 0)}",
    }
    lines = "".join(f"<li>{name}: {html.escape(text)}</li>" for name, text in figures.items())
    name = html.escape(str(render.get("name", "")))
    yield f"<p>Render Name: <b>{name}</b><ul>{lines}</ul></p>"
