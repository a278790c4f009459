"""Request bodies: read by our own decoder, described by Litestar's OpenAPI generator."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition
from typing_extensions import override

from grange.doors.native.asks import Changes
from grange.server.decode import decode_changes, decode_json


class Body(AbstractDTO[Any]):
    """Reads the `data` of a handler, whatever its type, so that faults are named by place.

    Litestar's own reading says neither where malformed JSON breaks nor which field is near
    an unknown one. Nothing else of its transfer objects is used.
    """

    @override
    def decode_bytes(self, value: bytes) -> Any:
        """Read a body as the type that its handler names."""
        kind = _wanted(self.asgi_connection.route_handler)
        return decode_changes(value) if kind == Changes else decode_json(value, kind)

    @classmethod
    @override
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Do nothing: no transfer model stands between a body and its type."""

    @classmethod
    @override
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """Describe a body as its type."""
        found: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return found

    @classmethod
    @override
    def generate_field_definitions(
        cls, model_type: type[Any]
    ) -> Generator[DTOFieldDefinition, None, None]:
        """None: the type itself is used."""
        yield from ()

    @classmethod
    @override
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """None: the type itself is used."""
        return False


def _wanted(handler: Any) -> Any:
    return handler.parsed_data_field.annotation
