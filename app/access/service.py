"""Why somebody sees, may change or delete a record, or a field of it: the decision, step by step (ID-7)."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ARRAY, Uuid, bindparam, func, literal, select

from app.access.kinds import Kind
from app.access.schemas import AccessQuery, AccessRead, AccessRecord, AccessTeam, AccessUser, FieldAccess, Subject
from app.access.steps import Explanation
from app.access.texts import READ_ONLY
from app.core.context import Context
from app.core.permissions import Permission
from app.core.principal import reach
from app.core.problems import Invalid
from app.core.statements import Statement, prepared
from app.core.visibility import Explained, unscoped
from app.identity.models import Team
from app.identity.standing import standing_of
from app.leads.models import Lead
from app.projects.rules import rules_of

_NO_USER = {"de": "Diesen Benutzer gibt es nicht.", "en": "There is no such user."}
_NO_FIELD = {"de": "Dieses Feld gibt es nicht.", "en": "There is no such field."}
_TEAMS = Statement(
    select(Team.id, Team.name, Team.kind)
    .where(Team.id == func.any(bindparam("ids", type_=ARRAY(Uuid), required=True)))
    .order_by(func.sort_key(Team.name), Team.id)
)


async def explain(ctx: Context, kind: Kind, record_id: UUID, query: AccessQuery) -> AccessRead:
    """The explanation for the asker or, with the permission to ask that, for any user.

    Nobody hears of a record that they do not see themselves. Raises Forbidden, NotFound, Invalid (unknown user or field).
    """
    user_id = query.user or ctx.user.user_id
    if user_id != ctx.user.user_id:
        ctx.require(Permission.ACCESS_EXPLAIN)
    ctx.require(kind.read)
    record = await ctx.load(kind.model, record_id, lock=False)
    standing = await standing_of(ctx, user_id)
    if standing is None:
        raise Invalid([("?user", "unknown_user", _NO_USER)])
    name = _field_name(kind, query.field) if query.field else None

    who = standing.principal
    row = (await ctx.run(_reasons(kind.model), id=record_id, subject=who.user_id, subject_teams=list(who.team_ids)))[0]
    teams = [
        AccessTeam(**team, by_rule=team["id"] in getattr(record, "rule_team_ids", ()))
        for team in await ctx.run(_TEAMS, ids=list(getattr(record, "team_ids", ())))
    ]
    known = () if kind.known is None else (await kind.known(ctx, who.user_id),)
    told = Explanation(ctx.language, standing, record, teams, known)
    in_reach = reach(who) == "all" or row["visible"]

    told.ask("see", "active", standing.active)
    told.permission("see", kind.read)
    told.reasons(
        "see", {"sees_all": reach(who) == "all", **{code: holds for code, holds in row.items() if code != "visible"}}
    )
    sees = standing.active and kind.read in who.permissions and in_reach

    _writing(told, kind, "change", in_reach=in_reach)
    _writing(told, kind, "delete", in_reach=in_reach)
    of_field = None
    if name is not None:
        read_only = await _about_field(told, ctx, kind, name, in_reach=in_reach)
        of_field = FieldAccess(name=name, sees=sees, changes=told.passed("field"), read_only=read_only)
    return AccessRead(
        user=AccessUser(id=who.user_id, name=who.name, active=standing.active),
        record=AccessRecord(type=kind.record_type, id=record_id),
        sees=sees,
        changes=told.passed("change"),
        deletes=told.passed("delete"),
        steps=told.decided(),
        field=of_field,
    )


def _writing(told: Explanation, kind: Kind, about: Subject, field: str | None = None, *, in_reach: bool) -> None:
    """What the route asks for that changes or deletes the record, `field` of it."""
    deletes = about == "delete"
    who = told.standing.principal
    told.ask(about, "active", told.standing.active)
    told.ask(about, "visible", in_reach)
    permission = kind.delete if deletes else kind.change
    if permission is not None:
        told.permission(about, permission)
    told.conditions(about, (*kind.conditions, *(kind.delete_conditions if deletes else ())))
    reasons = kind.delete_reasons if deletes else kind.reasons
    if reasons is not None:
        told.reasons(about, reasons(who, told.record, frozenset({field} if field else ()), *told.known))


async def _about_field(told: Explanation, ctx: Context, kind: Kind, name: str, *, in_reach: bool) -> str | None:
    """The steps about one field; returns the code with which it is refused to everybody, if it is."""
    code, words = _read_only(kind, name, ctx.language)
    told.ask("field", "settable", code is None, value=words)
    _writing(told, kind, "field", name, in_reach=in_reach)
    if name in kind.of_fields:
        told.permission("field", kind.of_fields[name])
    if name in kind.only_if:
        told.conditions("field", [kind.only_if[name]])
    if kind.model is Lead:
        rules = await rules_of(ctx, told.record.project_id)
        told.ask("field", "lean", rules.allows(name), value=rules.name)
    return code


def _field_name(kind: Kind, name: str) -> str:
    """The field as updates call it (`assignee` is set by `assignee_id`). Raises Invalid when there is none."""
    for known in (name, f"{name}_id"):
        if known in kind.settable.model_fields:
            return known
    if name in kind.shown.model_fields:
        return name
    raise Invalid([("?field", "unknown_field", _NO_FIELD)])


def _read_only(kind: Kind, name: str, language: str) -> tuple[str | None, str | None]:
    """Code and words with which an update refuses the field from everybody; asked of the very schema that refuses."""
    if name not in kind.settable.model_fields:
        return "read_only", READ_ONLY[language != "de"]
    try:
        kind.settable.model_validate({name: None})
    except ValidationError as refused:
        for error in refused.errors():
            if error["type"].startswith("read_only"):
                words = error["msg"] if language != "de" else str(error.get("ctx", {}).get("de", error["msg"]))
                return error["type"], words
    return None, None


@prepared
def _reasons(model: type[Explained]) -> Any:
    """Each reason to see the record, by its code, and whether it is `visible`: for the user and the teams that are bound."""
    table: Any = model
    user: Any = bindparam("subject", type_=Uuid, required=True)
    teams: Any = bindparam("subject_teams", type_=ARRAY(Uuid), required=True)
    no = literal(value=False)
    columns = [func.coalesce(holds, no).label(code) for code, holds in model.reasons_to_see(user, teams).items()]
    visible = func.coalesce(model.visible_to(user, teams), no).label("visible")
    found = select(*columns, visible).where(table.id == bindparam("id", type_=Uuid, required=True))
    return unscoped(found, reason="why a user does not see it; the asker does")
