"""Jobs over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

from tests.doors.native.served import OWNER

JOB: dict[str, Any] = {
    "name": "shot",
    "blocks": [{"frames": "1-10", "command": ["render", "@#@"]}],
}


def submit(api: httpx.Client, **fields: Any) -> int:
    answer = api.post("/jobs", json=JOB | fields)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["job_id"])


def test_a_submitted_job_is_listed_under_its_sender(api: httpx.Client) -> None:
    job_id = submit(api)
    [job] = api.get("/jobs").json()["jobs"]
    assert (job["job_id"], job["user"], job["tasks"]["ready"]) == (job_id, OWNER, 10)
