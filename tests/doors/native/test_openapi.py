"""The description of the API: whole, and fit to make clients from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.doors.native.served import Served

Operation = dict[str, Any]


@pytest.fixture(scope="module")
def description(farm: Served) -> dict[str, Any]:
    with farm.client("") as anybody:
        found: dict[str, Any] = anybody.get("/openapi.json").json()
        return found


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    for path, item in description["paths"].items():
        for method in {"get", "post", "patch", "delete"} & set(item):
            yield path, method, item[method]


def test_it_is_of_version_3_1(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")


def test_every_operation_has_a_name_a_summary_and_a_text(description: dict[str, Any]) -> None:
    found = [operation for _, _, operation in operations(description)]
    assert all(item["operationId"] and item["summary"] and item["description"] for item in found)
    assert len({item["operationId"] for item in found}) == len(found) > 50


def test_every_refusal_has_the_one_shape(description: dict[str, Any]) -> None:
    shape = {"$ref": "#/components/schemas/ErrorView"}
    for path, method, operation in operations(description):
        for status, answer in operation["responses"].items():
            if status >= "400" and "text/html" not in answer["content"]:
                assert answer["content"]["application/json"]["schema"] == shape, (path, method)


def test_bodies_are_our_own_types(description: dict[str, Any]) -> None:
    body = description["paths"]["/api/v1/jobs"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/JobSpec"
    }


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    names = set(description["components"]["schemas"])
    text = str(description)
    used = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert used <= names


def test_every_route_that_needs_somebody_says_so(description: dict[str, Any]) -> None:
    opened = {path for path, _, item in operations(description) if not item.get("security")}
    assert opened == {"/api/v1/join", "/api/v1/login/{secret}", "/api/v1/logout"}


def test_nothing_is_fetched_from_elsewhere(farm: Served) -> None:
    with farm.client() as api:
        for path in ("/schema", "/openapi", "/swagger", "/docs"):
            assert api.get(path).status_code == 404
