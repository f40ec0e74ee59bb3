"""Call scripts and key questions on the wire."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.activities.reads import AnswerValue, Label, QuestionKind
from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Key, Line, Prose, RecordRead
from app.core.writing import absent

Fits = Literal["potential", "former_customer", "former_small_customer", "key_account", "vip"]
Position = Annotated[int, Field(ge=0, le=10_000, strict=True)]
_FITS = "The kind of account that it is for: what `account_id` finds it by in the list."
_DAY: Any = {"format": "date-time"}
_EXAMPLE: Any = {
    "key": "current_supplier",
    "label_de": "Wer beliefert Sie derzeit?",
    "label_en": "Who supplies you at present?",
    "kind": "text",
}


def _distinct(items: Sequence[Any]) -> Sequence[Any]:
    if len({item.key for item in items}) < len(items):
        message = "Every key may be used once."
        raise PydanticCustomError("named_twice", message, {"de": "Jeder Schlüssel darf nur einmal vorkommen."})
    return items


class ScriptOption(Body):
    """One of the answers to choose from."""

    key: Key
    label_de: Line
    label_en: Line


class Question(Body):
    """A key question. Under the same key, the answer of another time is found again, whatever the script."""

    key: Key
    label_de: Line
    label_en: Line
    kind: QuestionKind = "text"
    options: Annotated[list[ScriptOption], Field(max_length=30), AfterValidator(_distinct)] = Field(
        default_factory=list, description="For `choice`: at least one; for no other kind."
    )

    @model_validator(mode="after")
    def _fitting(self) -> "Question":
        if bool(self.options) != (self.kind == "choice"):
            message = "A choice needs options; other kinds have none."
            raise PydanticCustomError(
                "options", message, {"de": "Eine Auswahl braucht Möglichkeiten; andere Fragen haben keine."}
            )
        return self


Questions = Annotated[list[Question], Field(max_length=50), AfterValidator(_distinct)]


class CallScriptRead(RecordRead):
    """A script as it is now. Calls name its `key` as their `call_type`, and `script_version_id`."""

    key: str
    label_de: str
    label_en: str
    position: int
    active: bool
    fits: Fits | None = Field(description=_FITS)
    script_version_id: UUID
    number: int = Field(description="How many versions there have been.")
    text: str
    questions: list[Question]


class CallScriptVersionRead(BaseModel):
    """A script as it was worded from `created_at` on."""

    id: UUID
    number: int
    text: str
    questions: list[Question]
    created_at: str = Field(json_schema_extra=_DAY)
    created_by: UUID | None


class CallScriptCreate(Body):
    """A new type of calls with its script. The key stays what it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "key": "winter_check",
                "label_de": "Wintercheck",
                "label_en": "Winter check",
                "text": "Guten Tag, vor dem Winter prüfen wir gerne Ihre Schläuche.",
                "questions": [_EXAMPLE],
            }
        }
    )

    id: ClientId | None = None
    key: Key
    label_de: Line
    label_en: Line
    position: Position | None = Field(default=None, description="Left out: after all others.")
    active: bool = Field(default=True, strict=True)
    fits: Fits | None = Field(default=None, description=_FITS)
    text: Annotated[Prose, StringConstraints(min_length=1)] = Field(description="Plain text or Markdown.")
    questions: Questions = Field(default_factory=list)


class CallScriptUpdate(Body):
    """What changes. Another text or other questions make a new version; calls keep the one that they used."""

    model_config = ConfigDict(json_schema_extra={"example": {"questions": [_EXAMPLE]}})

    label_de: Line = absent()
    label_en: Line = absent()
    position: Position = absent()
    active: Annotated[bool, Field(strict=True)] = absent()
    fits: Fits | None = None
    text: Annotated[Prose, StringConstraints(min_length=1)] = absent()
    questions: Questions = absent()


class CallScriptQuery(ListQuery):
    """Filters of the list of scripts."""

    key: list[Key] = Field(default_factory=list, max_length=50)
    active: bool | None = None
    account_id: UUID | None = Field(default=None, description="Only those that fit this account.")
    sort: Literal["position", "-position", "created_at", "-created_at"] = "position"


class CallScriptVersionQuery(ListQuery):
    """The list of a script's versions, the newest first."""

    id: UUID | None = None
    sort: Literal["number", "-number"] = "-number"


class CallScriptVersionsOf(CallScriptVersionQuery):
    """The same, of one script."""

    script_id: UUID


class AnswerBody(Body):
    """What the contact answered to a key question. The value is a text, yes or no, an option's key, or a number."""

    question: Key
    value: AnswerValue


class LastAnswer(BaseModel):
    """What was said last time, at which call, and whether by this contact or another one of the account."""

    value: AnswerValue
    value_label: Label | None
    at: str = Field(json_schema_extra=_DAY)
    call_id: UUID
    by_this_contact: bool


class KeyQuestion(Question):
    """A question of the script, with what is known."""

    last_answer: LastAnswer | None


class KeyQuestionsQuery(BaseModel):
    """Which questions, and whom they are asked."""

    model_config = ConfigDict(extra="forbid")

    call_type: Key
    contact_id: UUID


class KeyQuestions(BaseModel):
    """The questions to ask a contact at a call of this type."""

    call_type: str
    script_version_id: UUID
    text: str
    questions: list[KeyQuestion]
