"""Pipelines and their stages on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Key, Line, RecordRead
from app.core.writing import absent

Category = Literal["open", "won", "lost"]


class StageBody(Body):
    """A stage; the order of the list is the order of the board's columns. The key tells it from the others, and stays."""

    key: Key
    label_de: Line
    label_en: Line
    probability: int = Field(
        ge=0, le=100, strict=True, description="In percent; 100 where the category is won, 0 where it is lost."
    )
    category: Category


Stages = Annotated[list[StageBody], Field(min_length=3, max_length=30)]

STAGE_EXAMPLE = [
    {"key": "contact", "label_de": "Erstkontakt", "label_en": "First contact", "probability": 10, "category": "open"},
    {"key": "offer", "label_de": "Angebot gelegt", "label_en": "Offer made", "probability": 50, "category": "open"},
    {"key": "won", "label_de": "Gewonnen", "label_en": "Won", "probability": 100, "category": "won"},
    {"key": "lost", "label_de": "Verloren", "label_en": "Lost", "probability": 0, "category": "lost"},
]


class StageRead(BaseModel):
    """A stage of a pipeline."""

    id: UUID
    key: str
    label_de: str
    label_en: str
    probability: int
    category: Category


class PipelineRead(RecordRead):
    """A way from a chance to an order, with its stages in order."""

    key: str
    name: str
    is_default: bool
    stages: list[StageRead]


class PipelineCreate(Body):
    """A new pipeline with its stages; at least one of each category."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"key": "flatrate", "name": "Flatrate", "stages": STAGE_EXAMPLE}}  # type: ignore[dict-item]  # JSON
    )

    id: ClientId | None = None
    key: Key
    name: Line
    stages: Stages


class PipelineUpdate(Body):
    """What changes. `stages` is the whole new list: those with a known key change, new keys are added, others are removed."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Flatrate"}})

    name: Line = absent()
    stages: Stages = absent()


class PipelineQuery(ListQuery):
    """The list of pipelines."""

    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"
