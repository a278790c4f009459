"""Every message that the scripts' `af.Cmd` sends is understood and done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.build import block, job, named
from tests.doors.afanasy.stand import Stand

FILE = Path(__file__).parents[2] / "af" / "vectors" / "afanasy_scripts.json"
SENT: list[tuple[str, dict[str, Any]]] = [
    (item["name"], item["output"])
    for item in json.loads(FILE.read_text())["vectors"]
    if item["name"].startswith("cmd_") and isinstance(item["output"], dict)
]


@pytest.mark.parametrize(("name", "root"), SENT, ids=[name for name, _ in SENT])
def test_a_message_of_a_script_is_answered(stand: Stand, name: str, root: dict[str, Any]) -> None:
    for title in ("name", "b", "c"):
        stand.submit(job(block("1"), name=title))
    stand.submit(job(block("1-9"), named("x")))
    stand.submit(job(block("1")), user="bob")
    stand.join("vm", user="artist")
    stand.ask({"monitor": {"user_name": "artist", "host_name": "vm"}})
    said = stand.ask(root)
    if "get" in root:
        assert "info" not in said
    elif said is not None and "info" in said:
        assert said["info"]["kind"] == "log", said
        idle = ("render 'vm' is so already", "render 'vm' has no task to eject")
        assert not said["info"]["text"].startswith(idle) or "Free" in name or "NotMy" in name
    else:
        assert said is None or said == {"object": {"task_ids": [1]}}


def test_all_messages_of_scripts_are_here() -> None:
    assert len(SENT) >= 24
