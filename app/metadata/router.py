"""`/v1/metadata`: what forms and lists are made of; `/v1/enums`: lists of values."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.core.context import Ctx
from app.core.problems import NotFound, declared
from app.metadata import enums, service
from app.metadata.schemas import EnumQuery, EnumRead, EnumsRead, MetadataRead, ResourceMetadata

router = APIRouter()

_NAME: dict[str, Any] = {"min_length": 1, "max_length": 60, "pattern": r"^[a-z][a-z-]*$"}
ResourceName = Annotated[str, Path(description="Its `name`, such as `accounts`.", examples=["accounts"], **_NAME)]
EnumName = Annotated[str, Path(description="Its `name`, such as `countries`.", examples=["countries"], **_NAME)]
_KNOWN = {"$ref": "#/components/headers/ETag"}
_TAGGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": _KNOWN}},
    304: {"description": "The client has this already."},
}
_CONDITIONAL: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "The `ETag` of what the client has: 304 when it is still the same.",
            "schema": {"type": "string"},
        }
    ]
}
"""The ETag is of the content: it changes with permissions, custom fields and releases."""


@router.get(
    "/metadata",
    operation_id="get_metadata",
    summary="List the resources",
    tags=["metadata"],
    response_model=MetadataRead,
    responses=_TAGGED,
    openapi_extra=_CONDITIONAL,
)
async def get_metadata(ctx: Ctx, request: Request) -> Response:
    """Every kind of record in short: what it is called, where it is, what the asker may do."""
    return await service.all_resources(ctx, request)


@router.get(
    "/metadata/{resource_name}",
    operation_id="get_resource_metadata",
    summary="Describe a resource",
    tags=["metadata"],
    response_model=ResourceMetadata,
    responses=declared(NotFound) | _TAGGED,
    openapi_extra=_CONDITIONAL,
)
async def get_resource_metadata(ctx: Ctx, request: Request, resource_name: ResourceName) -> Response:
    """Everything that a form and a list of these records need, labels in both languages: fields with their types, bounds and
    options, whether and why they are read-only, custom fields, filters, sorts, and what the asker may do.
    """
    return await service.one_resource(ctx, request, resource_name)


@router.get(
    "/enums",
    operation_id="get_enums",
    summary="List the lists of values",
    tags=["metadata"],
    response_model=EnumsRead,
    responses=_TAGGED,
    openapi_extra=_CONDITIONAL,
)
async def get_enums(_: Ctx, request: Request) -> Response:
    """Lists of values that forms choose from or suggest."""
    return service.answer(request, enums.all_enums())


@router.get(
    "/enums/{enum_name}",
    operation_id="get_enum",
    summary="Get a list of values",
    tags=["metadata"],
    response_model=EnumRead,
    responses=declared(NotFound) | _TAGGED,
    openapi_extra=_CONDITIONAL,
)
async def get_enum(ctx: Ctx, request: Request, enum_name: EnumName, query: Annotated[EnumQuery, Query()]) -> Response:
    """The values with their labels; `states` takes the country that they are of."""
    return service.answer(request, enums.one_enum(enum_name, query.country, ctx.language))
