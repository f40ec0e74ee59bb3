"""Attachments on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.resource import ListQuery
from app.core.types import Link, RecordRead

AttachedTo = Literal["lead", "account", "contact", "opportunity", "activity"]

FileName = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]+$")],
    Query(
        description="What the file is called. Folders, control characters and what file systems refuse are taken out.",
        examples=["Angebot 2026.pdf"],
    ),
]

ContentDigest = Annotated[
    Annotated[str, StringConstraints(max_length=200, pattern=r"^[\x20-\x7e]+$")] | None,
    Header(
        alias="Content-Digest",
        description="`sha-256=:…:` of the content, in base64 (RFC 9530). Another content than that is refused.",
    ),
]


def conditional(*names: str) -> list[dict[str, Any]]:
    """Headers of a download, for the document: the serving reads them itself, and passes over what it does not understand."""
    return [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": _HEADERS[name],
            "schema": {"type": "string", "maxLength": 200, "pattern": r"^[\x20-\x7e]*$"},
        }
        for name in names
    ]


_HEADERS = {
    "Range": "One range, such as `bytes=0-1048575`. Several ranges get the whole.",
    "If-Range": "The `ETag`: the range only of this content, the whole of any other.",
    "If-None-Match": "The `ETag` of what the client has: 304 when it is still the same.",
}


class RecordRef(BaseModel):
    """The record that something is on."""

    type: AttachedTo
    id: UUID


class AttachmentRead(RecordRead):
    """A file on a record. Its content is at `/v1/attachments/{id}/content`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0195580e-d8a0-7a3e-83c7-5a0b5ae30f4f",
                "version": 1,
                "created_at": "2026-03-02T08:15:00Z",
                "updated_at": "2026-03-02T08:15:00Z",
                "record": {"type": "account", "id": "0195580e-d8a0-7e3e-83c7-5a0b5ae30f4f"},
                "name": "Angebot 2026.pdf",
                "content_type": "application/pdf",
                "size": 184320,
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "created_by": {"id": "0195580e-d8a0-7b3e-83c7-5a0b5ae30f4f", "name": "Eva Muster"},
            }
        }
    )

    record: RecordRef
    name: str
    content_type: str = Field(
        description="Told by the content. `application/octet-stream` for all that is not known to be harmless."
    )
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="Of the content, in hexadecimal digits.")
    created_by: Link | None


class AttachmentQuery(ListQuery):
    """The attachments of one record."""

    sort: Literal["created_at", "-created_at", "name", "-name", "size", "-size"] = "-created_at"


class AttachmentsOf(AttachmentQuery):
    """The same with the record, which the path names."""

    record_id: UUID
