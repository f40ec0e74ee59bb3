"""Call scripts: kept by administrators, version by version; which one a call uses, and what was answered (CALL-2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.call_scripts.models import CallScript, CallScriptVersion
from app.call_scripts.queries import CALL_SCRIPT, LAST_NUMBER, USED, last_answers
from app.call_scripts.schemas import AnswerBody, CallScriptCreate, CallScriptUpdate, KeyQuestionsQuery
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, Language, NotFound
from app.core.records import is_visible
from app.core.writing import already_created, assign, delete, request_hash, require_match
from app.identity.references import FieldProblem

_SAID = ("text", "questions")
"""What a version holds."""
_UNKNOWN_TYPE: dict[Language, str] = {
    "de": "Diesen Anruftyp gibt es nicht (mehr).",
    "en": "There is no such type of call (any more).",
}
_UNKNOWN_VERSION: dict[Language, str] = {
    "de": "Diese Fassung gehört zu keinem Skript dieses Anruftyps.",
    "en": "This version belongs to no script of this type of call.",
}
_UNKNOWN_QUESTION: dict[Language, str] = {
    "de": "Diese Frage steht nicht in der Fassung des Skripts.",
    "en": "The script's version does not have this question.",
}
_TWICE: dict[Language, str] = {
    "de": "Auf diese Frage steht schon eine Antwort da.",
    "en": "This question is answered already.",
}
_WRONG: dict[str, dict[Language, str]] = {
    "text": {"de": "Erwartet wird ein Text.", "en": "Expected is a text."},
    "yes_no": {"de": "Erwartet wird Ja oder Nein (true, false).", "en": "Expected is yes or no (true, false)."},
    "number": {"de": "Erwartet wird eine Zahl.", "en": "Expected is a number."},
    "choice": {"de": "Das steht nicht zur Auswahl.", "en": "This is none of the options."},
}


async def create(ctx: Context, body: CallScriptCreate) -> tuple[UUID, bool]:
    """Make a script with its first version; returns its id and whether it is new. Raises Forbidden, IdTaken, Conflict (key taken)."""
    ctx.require(Permission.SETTINGS_MANAGE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, CallScript, body.id, asked):
        return body.id, False
    position = body.position
    if position is None:
        last = (await ctx.session.execute(select(func.max(CallScript.position)))).scalar_one()
        position = 0 if last is None else last + 1
    made = CallScript(
        **body.model_dump(exclude={"id", "position", *_SAID}),
        position=position,
        id=body.id or new_id(),
        created_by=ctx.user_id,
        request_hash=asked,
    )
    ctx.session.add(made)
    await ctx.session.flush()
    _publish(ctx, made.id, 1, body.model_dump(include=set(_SAID)))
    await ctx.session.flush()
    return made.id, True


async def update(ctx: Context, id_: UUID, patch: CallScriptUpdate, if_match: str | None) -> None:
    """Change a script; other words make a new version. Raises Forbidden, NotFound, StaleVersion."""
    script = await _locked(ctx, id_)
    await require_match(ctx, CALL_SCRIPT, script, if_match)
    assign(script, patch, leave=_SAID)
    said = patch.model_dump(include=set(_SAID) & patch.model_fields_set)
    now = (await ctx.run(LAST_NUMBER, script_id=id_))[0]
    if any(said[name] != now[name] for name in said):
        _publish(ctx, id_, now["number"] + 1, {name: now[name] for name in _SAID} | said)
        script.updated_at = ctx.now  # its version rises, even when nothing else changes
    await ctx.session.flush()


async def remove(ctx: Context, id_: UUID) -> None:
    """Delete a script that no call has used. Raises Forbidden, NotFound, InUse."""
    await delete(ctx, await _locked(ctx, id_))


def _publish(ctx: Context, script_id: UUID, number: int, said: Mapping[str, Any]) -> None:
    version = CallScriptVersion(script_id=script_id, number=number, created_at=ctx.now, created_by=ctx.user_id, **said)
    ctx.session.add(version)


async def _locked(ctx: Context, id_: UUID) -> CallScript:
    ctx.require(Permission.SETTINGS_MANAGE)
    found = await ctx.session.get(CallScript, id_, with_for_update=True)
    if found is None:
        raise NotFound
    return found


# --- at calls --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Used:
    """The version of a script that a call uses."""

    call_type: str
    version_id: UUID
    text: str
    questions: Sequence[Mapping[str, Any]]


async def script_of(ctx: Context, call_type: str | None, version_id: UUID | None) -> Used | FieldProblem | None:
    """The version that a call of this type uses: the named one, even if there are newer ones; else the present one of an
    active script. None for a call without type.
    """
    if call_type is None and version_id is None:
        return None
    rows = await ctx.fetch(USED, call_type=call_type, version_id=version_id)
    if rows:
        return Used(rows[0]["key"], rows[0]["id"], rows[0]["text"], rows[0]["questions"])
    if version_id is not None:
        return ("/script_version_id", "unknown_script_version", _UNKNOWN_VERSION)
    return ("/call_type", "unknown_call_type", _UNKNOWN_TYPE)


def answered(
    questions: Sequence[Mapping[str, Any]], answers: Sequence[AnswerBody]
) -> tuple[list[dict[str, Any]], list[FieldProblem]]:
    """The answers as they are kept, with the questions as they were asked; and what is wrong with them."""
    known = {question["key"]: question for question in questions}
    kept: list[dict[str, Any]] = []
    errors: list[FieldProblem] = []
    for number, answer in enumerate(answers):
        question = known.get(answer.question)
        if question is None:
            errors.append((f"/answers/{number}/question", "unknown_question", _UNKNOWN_QUESTION))
        elif any(one["question"] == answer.question for one in kept):
            errors.append((f"/answers/{number}/question", "named_twice", _TWICE))
        elif not _fits(question, answer.value):
            errors.append((f"/answers/{number}/value", "wrong_kind", _WRONG[question["kind"]]))
        else:
            option = next((o for o in question["options"] if o["key"] == answer.value), None)
            kept.append(
                {
                    "question": answer.question,
                    "label": _label(question),
                    "kind": question["kind"],
                    "value": answer.value,
                    "value_label": _label(option) if option else None,
                }
            )
    return kept, errors


def _label(named: Mapping[str, Any]) -> dict[str, str]:
    return {"de": named["label_de"], "en": named["label_en"]}


def _fits(question: Mapping[str, Any], value: object) -> bool:
    match question["kind"]:
        case "yes_no":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
        case "choice":
            return value in [option["key"] for option in question["options"]]
        case _:
            return isinstance(value, str)


async def key_questions(ctx: Context, query: KeyQuestionsQuery) -> dict[str, Any]:
    """A `KeyQuestions`. Raises Forbidden, NotFound (the contact), Invalid (the type)."""
    ctx.require(Permission.ACTIVITIES_READ)
    ctx.require(Permission.CONTACTS_READ)
    if not await is_visible(ctx, "contact", query.contact_id):
        raise NotFound
    used = await script_of(ctx, query.call_type, None)
    if not isinstance(used, Used):
        raise Invalid([("?call_type", "unknown_call_type", _UNKNOWN_TYPE)])
    keys = [question["key"] for question in used.questions]
    rows = await ctx.fetch(last_answers(ctx.reach), contact_id=query.contact_id, questions=keys)
    known = {
        row["question"]: {
            "value": row["answer"]["value"],
            "value_label": row["answer"]["value_label"],
            "at": row["at"].isoformat(),
            "call_id": row["id"],
            "by_this_contact": bool(row["own"]),
        }
        for row in rows
    }
    return {
        "call_type": used.call_type,
        "script_version_id": used.version_id,
        "text": used.text,
        "questions": [{**question, "last_answer": known.get(question["key"])} for question in used.questions],
    }
