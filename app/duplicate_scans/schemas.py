"""Scans and clusters on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.core.resource import ListQuery, PageQuery
from app.core.types import Body, Link, Prose, RecordRead
from app.duplicates.schemas import RecordType
from app.jobs.schemas import Progress, State
from app.locks.schemas import MatchReason, PartyLink

ClusterState = Literal["open", "merged", "dismissed"]
Found = Literal["duplicate", "possible"]
ALL_TYPES: tuple[RecordType, ...] = ("lead", "account", "contact")
_SCAN, _ONE, _OTHER = (f"0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1{at}" for at in "def")


def _each_once(types: list[RecordType]) -> list[RecordType]:
    if len(set(types)) < len(types):
        raise PydanticCustomError("twice", "Each kind once.", {"de": "Jede Art nur einmal."})
    return types


class ScanCreate(Body):
    """Scan the whole stock."""

    model_config = ConfigDict(json_schema_extra={"example": {"record_types": ["account", "contact", "lead"]}})

    record_types: Annotated[list[RecordType], Field(min_length=1, max_length=3), AfterValidator(_each_once)] = Field(
        default=list(ALL_TYPES), description="Records of these kinds."
    )
    minimum_verdict: Found = Field(
        default="duplicate", description="`possible` finds more, most of it not the same, and takes longer."
    )


class ScanRead(RecordRead):
    """A scan of the whole stock."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _SCAN,
                "version": 2,
                "created_at": "2026-03-02T08:15:00Z",
                "updated_at": "2026-03-02T08:15:21Z",
                "record_types": ["account", "contact", "lead"],
                "minimum_verdict": "duplicate",
                "started_by": {"id": _ONE, "name": "Eva Muster"},
                "state": "done",
                "progress": {"done": 102, "total": 102},
                "compared": 1430221,
                "clusters": 6512,
                "scanned_at": "2026-03-02T08:15:19Z",
                "finished_at": "2026-03-02T08:15:21Z",
            }
        }
    )

    record_types: list[RecordType]
    minimum_verdict: Found
    started_by: Link | None
    state: State
    progress: Progress
    compared: int | None = Field(description="Pairs that were compared.")
    clusters: int | None = Field(description="Clusters found, those included that the asker may not see.")
    scanned_at: str | None = Field(json_schema_extra={"format": "date-time"})
    finished_at: str | None = Field(json_schema_extra={"format": "date-time"})


class ScanQuery(ListQuery):
    """Filters of the list of scans."""

    state: list[State] = Field(default_factory=list, max_length=5)
    sort: Literal["created_at", "-created_at"] = "-created_at"


class ClusterMember(BaseModel):
    """A record of the cluster that the asker may see."""

    type: RecordType
    id: UUID
    name: str
    postal_code: str | None
    city: str | None
    changed: bool = Field(description="It was changed since the scan; scores and reasons are those of now.")


class ClusterPair(BaseModel):
    """Two of the records, compared as they are now."""

    records: list[UUID] = Field(min_length=2, max_length=2)
    score: float
    verdict: Literal["duplicate", "possible", "none"]
    dismissed: bool = Field(description="Somebody has said that these two are different.")
    reasons: list[MatchReason]


class ClusterMerge(BaseModel):
    """What `POST /v1/merges` takes to make one of them; with `preview` it recommends the winner."""

    record_type: RecordType
    record_ids: list[UUID]


class ClusterRead(BaseModel):
    """Records of one kind that are one and the same party.

    Every pair of them was at least possible, and each joined by a pair of the scan's verdict. `rank` goes by how many records a
    merge would remove times how sure that is; of equals customers come before people and leads.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _SCAN,
                "scan_id": _SCAN,
                "rank": 1,
                "record_type": "account",
                "verdict": "duplicate",
                "score": 0.9931,
                "size": 2,
                "state": "open",
                "stale": False,
                "members": [
                    {
                        "type": "account",
                        "id": _ONE,
                        "name": "Kranzbichler Maschinenbau GmbH",
                        "postal_code": "4020",
                        "city": "Linz",
                        "changed": False,
                    },
                    {
                        "type": "account",
                        "id": _OTHER,
                        "name": "Kranzbichler Masch.bau",
                        "postal_code": "4020",
                        "city": "Linz",
                        "changed": False,
                    },
                ],
                "hidden": 0,
                "gone": 0,
                "pairs": [
                    {
                        "records": [_ONE, _OTHER],
                        "score": 0.9931,
                        "verdict": "duplicate",
                        "dismissed": False,
                        "reasons": [
                            {"field": "name", "effect": "for", "code": "name_similar", "text": "Ähnlicher Name"}
                        ],
                    }
                ],
                "related": [],
                "merge": {"record_type": "account", "record_ids": [_ONE, _OTHER]},
            }
        }
    )

    id: UUID
    scan_id: UUID
    rank: int
    record_type: RecordType
    verdict: Found
    score: float = Field(description="The mean of its pairs at the time of the scan.")
    size: int
    state: ClusterState = Field(
        description="`merged`: fewer than two of its records are left; `dismissed`: all that are left are known to differ."
    )
    stale: bool = Field(description="A record was changed or is gone since the scan.")
    members: list[ClusterMember]
    hidden: int = Field(description="Records of it that the asker may not see.")
    gone: int = Field(description="Records of it that were merged or deleted since.")
    pairs: list[ClusterPair]
    related: list[PartyLink] = Field(description="Records of other kinds that match, such as a lead of this customer.")
    merge: ClusterMerge | None = Field(description="Null when fewer than two are left to merge.")


class ClusterQuery(PageQuery):
    """Filters of a scan's clusters, by rank."""

    state: list[ClusterState] = Field(default_factory=list, max_length=3)
    verdict: Found | None = None
    record_type: list[RecordType] = Field(default_factory=list, max_length=3)
    min_size: int | None = Field(default=None, ge=2, le=10)


class ClusterDismissal(Body):
    """The records of this cluster are all different."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"reason": "Zwei Niederlassungen, jede mit eigenem Einkauf"}}
    )

    reason: Prose | None = None
