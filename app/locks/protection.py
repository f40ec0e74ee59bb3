"""Is this customer taken, and by whom? The one examination behind the check, the creation and the change of a lead (LOCK-1).

A customer is taken while a lock stands that another one holds (`pending` from the lead on, `active` later), or, where there
never was a lock, while the account has managers. Once its last lock is over a customer is free, though known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, and_, bindparam, func, literal, literal_column, or_, select, true, union_all
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.context import Context
from app.core.permissions import Permission
from app.core.principal import Reach
from app.core.statements import Statement, prepared
from app.core.visibility import predicate, unscoped
from app.identity.models import Role, User, UserRole
from app.indexing import find_matches
from app.leads.models import Lead
from app.locks.models import Clearance, LeadLock
from app.locks.problems import CustomerTaken, CustomerYours, PossiblyTaken
from app.matching import Match, Party, PartyValues, explain, score
from app.matching.index import Found, Matches

LIVE = ("pending", "active")
HELD = (*LIVE, "managed")
_RANK = ("taken", "yours", "cleared", "possible", "known", "free")
_LOCKS_PER_RECORD = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """A matching record and what it means for the asker."""

    record_type: str
    record_id: UUID
    match: Match
    visible: bool
    name: str
    postal_code: str | None
    city: str | None
    country: str | None
    protection: str
    yours: bool
    cleared: bool
    holder_id: UUID | None
    holder_name: str | None
    until: date | None
    lock_id: UUID | None
    account_id: UUID | None
    along: tuple[Found, ...] = ()
    """Further matches of the same customer, for which this one stands."""

    @property
    def foreign(self) -> bool:
        """Another one holds it, and the asker has no clearance."""
        return self.protection in HELD and not self.yours and not self.cleared

    @property
    def status(self) -> str:
        """What this match alone would make of the answer."""
        if self.foreign:
            return "taken" if self.match.verdict == "duplicate" else "possible"
        if self.match.verdict != "duplicate":
            return "free"
        return "yours" if self.yours else "cleared" if self.cleared else "known"

    def wire(self, language: str) -> dict[str, Any]:
        """As `ProtectionMatch`: of what the asker may not see, only what the lock must show (DUP-3)."""
        shown = self.visible
        reasons = [
            {"field": r.field, "effect": r.effect, "code": r.code, "text": explain(r, language)}
            for r in self.match.reasons
            if shown or r.effect == "for"
        ]
        return {
            "ref": self.record_id,
            "record": {"type": self.record_type, "id": self.record_id} if shown else None,
            "name": self.name if shown else None,
            "postal_code": self.postal_code if shown else None,
            "city": self.city if shown else None,
            "country": self.country if shown else None,
            "score": self.match.score,
            "verdict": self.match.verdict,
            "reasons": reasons,
            "protection": self.protection,
            "yours": self.yours,
            "holder": {"id": self.holder_id, "name": self.holder_name} if self.holder_id else None,
            "until": self.until,
            "lock_id": self.lock_id,
            "account_id": self.account_id if self.protection == "managed" else None,
        }


@dataclass(frozen=True, slots=True)
class Examination:
    """The whole answer."""

    status: str
    standings: tuple[Standing, ...]
    ask: tuple[dict[str, Any], ...]
    truncated: bool

    @property
    def contact_allowed(self) -> bool:
        """Whether the asker may get in touch with the customer."""
        return self.status not in ("taken", "possible")

    def wire(self, language: str) -> dict[str, Any]:
        """As `ProtectionAnswer`."""
        return {
            "status": self.status,
            "contact_allowed": self.contact_allowed,
            "matches": [standing.wire(language) for standing in self.standings],
            "ask": list(self.ask),
            "truncated": self.truncated,
        }


async def examine(
    ctx: Context,
    values: PartyValues | Party,
    *,
    country: str | None,
    exclude: Sequence[UUID] = (),
    own: UUID | None = None,
    distinct_from: Sequence[UUID] = (),
) -> Examination:
    """Who has this customer? `distinct_from` names possible matches that the asker has found to be others.

    `own` leaves out what was dismissed, duplicates too: to propose, never to refuse by (LOCK-3).
    One round trip for the candidates and, when there are any, one for what they mean.
    """
    matches = await find_matches(ctx, values, exclude=exclude, own=own)
    if not matches.found:
        return Examination("free", (), (), matches.truncated)
    standings = await standings_of(ctx, matches, one_per_customer=True)
    counted = [s for s in standings if not (s.match.verdict == "possible" and s.record_id in distinct_from)]
    status = min((s.status for s in counted), key=_RANK.index, default="free")
    if status == "taken":
        status = _side_by_side(counted, {found.record_id: found.party for found in matches.found})
    ask: tuple[dict[str, Any], ...] = ()
    if status in ("taken", "possible"):
        asked = next((s.country for s in counted if s.status == status and s.country), country)
        ask = tuple(await country_heads(ctx, asked))
    return Examination(status, tuple(standings), ask, matches.truncated)


def _side_by_side(standings: Sequence[Standing], parties: Mapping[UUID, Party]) -> str:
    """Several hold the same customer: who is among them may go on. Not so where the values asked about are a mixture of two
    customers, the asker's and another one's.
    """
    own = [s for s in standings if s.protection in HELD and s.status in ("yours", "cleared")]
    for taken in (s for s in standings if s.status == "taken"):
        theirs = parties[taken.record_id]
        if all(score(parties[s.record_id], theirs).verdict != "duplicate" for s in own):
            return "taken"
    return min((s.status for s in own), key=_RANK.index)


def refuse_unless_free(ctx: Context, examination: Examination) -> None:
    """Raise the problem that the examination calls for (LOCK-3); nothing when the customer is free, known or cleared."""
    answer = examination.wire(ctx.language)
    extra = {"matches": answer["matches"], "ask": answer["ask"]}
    match examination.status:
        case "taken":
            holder = next(s.holder_name for s in examination.standings if s.foreign and s.match.verdict == "duplicate")
            raise CustomerTaken(extra=extra, holder=holder or "–")
        case "yours":
            raise CustomerYours(extra=extra)
        case "possible":
            raise PossiblyTaken(extra=extra)


async def standings_of(ctx: Context, matches: Matches, *, one_per_customer: bool) -> list[Standing]:
    """What each match means for the asker, in the matches' order; of one customer's records perhaps only the best."""
    ids: dict[str, list[UUID]] = {"lead": [], "account": [], "contact": []}
    for found in matches.found:
        ids[found.record_type].append(found.record_id)
    rows = await ctx.fetch(
        _records(ctx.reach),
        leads=ids["lead"],
        accounts=ids["account"],
        contacts=ids["contact"],
        asker=ctx.user_id,
    )
    by_record: dict[tuple[str, UUID], list[Any]] = {}
    for row in rows:
        by_record.setdefault((row["type"], row["id"]), []).append(row)
    teams = set(getattr(ctx.principal, "team_ids", ()))
    standings: list[Standing] = []
    customers: dict[UUID, int] = {}
    of_customer: list[list[Found]] = []
    for found in matches.found:
        records = by_record.get((found.record_type, found.record_id))
        if not records:
            continue  # removed a moment ago
        customer = records[0]["account_id"] or found.record_id
        standing = _standing(found.match, records, ctx.user_id, teams, ctx.today)
        if one_per_customer and customer in customers:
            # The same customer's lead, account or contact: the best score stands, unless only the other may be shown.
            better = standings[customers[customer]]
            of_customer[customers[customer]].append(found)
            if standing.visible and not better.visible and standing.status == better.status:
                standings[customers[customer]] = standing
            continue
        customers[customer] = len(standings)
        standings.append(standing)
        of_customer.append([found])
    return [
        replace(standing, along=tuple(found for found in all_found if found.record_id != standing.record_id))
        if len(all_found) > 1
        else standing
        for standing, all_found in zip(standings, of_customer, strict=True)
    ]


def _standing(match: Match, rows: Sequence[Any], asker: UUID | None, teams: set[UUID], today: date) -> Standing:
    """One record with its locks: the asker's own live one first, one that they are cleared for, any live one, the last.

    A lock whose time is over is none, even while the worker, that ends it, is away.
    """
    live = [r for r in rows if r["lock_state"] in LIVE and (r["ends_on"] is None or r["ends_on"] > today)]
    live.sort(key=lambda row: (row["holder_id"] != asker, not row["cleared"]))
    chosen = (live or rows)[0]
    holder_id, holder_name = chosen["holder_id"], chosen["holder_name"]
    yours = bool(live) and holder_id == asker
    if live:
        protection = chosen["lock_state"]
    elif chosen["lock_id"] is not None:
        protection, holder_id, holder_name = "ended", None, None
    elif chosen["account_id"] is not None:
        protection, holder_id, holder_name = "managed", chosen["assignee_id"], chosen["assignee_name"]
        yours = asker == holder_id or asker in chosen["manager_ids"] or not teams.isdisjoint(chosen["team_ids"])
    else:
        protection, holder_id, holder_name = "none", chosen["assignee_id"], chosen["assignee_name"]
        yours = asker == holder_id
    return Standing(
        record_type=chosen["type"],
        record_id=chosen["id"],
        match=match,
        visible=chosen["visible"],
        name=chosen["name"],
        postal_code=chosen["postal_code"],
        city=chosen["city"],
        country=chosen["country"],
        protection=protection,
        yours=yours,
        cleared=not yours and protection in HELD and chosen["cleared"],
        holder_id=holder_id,
        holder_name=holder_name,
        until=chosen["ends_on"] if protection == "active" else None,
        lock_id=chosen["lock_id"] if protection in LIVE else None,
        account_id=chosen["account_id"],
    )


@prepared
def _records(how_far: Reach) -> Any:
    """Matched leads, accounts and contacts with their newest locks, whoever may see them, in one statement."""

    def visible(model: Any) -> ColumnElement[bool]:
        condition = predicate(model, how_far)
        return true() if condition is None else func.coalesce(condition, literal(value=False))

    assignee, holder = aliased(User), aliased(User)
    asker = bindparam("asker", type_=Uuid, required=True)

    def part(kind: str, model: Any, *, name: Any, account_id: Any, lead_id: Any, managers: Any) -> Any:
        lock = (
            select(LeadLock.id, LeadLock.state, LeadLock.holder_id, LeadLock.ends_on, LeadLock.created_at)
            .where(or_(LeadLock.lead_id == lead_id, LeadLock.account_id == account_id))
            .order_by(LeadLock.ended_at.is_(None).desc(), LeadLock.created_at.desc())
            .limit(_LOCKS_PER_RECORD)
            .correlate(model)
            .lateral("lock")
        )
        cleared = (
            select(Clearance.id)
            .where(
                Clearance.requested_by == asker,
                or_(Clearance.state == "granted", Clearance.state == "shared"),
                Clearance.used_at.is_(None),
                or_(Clearance.lock_id == lock.c.id, and_(Clearance.account_id == account_id, lock.c.id.is_(None))),
            )
            .exists()
        )
        return (
            select(
                literal(kind).label("type"),
                model.id,
                name.label("name"),
                model.postal_code,
                model.city,
                model.country,
                visible(model).label("visible"),
                account_id.label("account_id"),
                model.assignee_id,
                assignee.name.label("assignee_name"),
                managers.label("manager_ids"),
                model.team_ids,
                lock.c.id.label("lock_id"),
                lock.c.state.label("lock_state"),
                lock.c.holder_id,
                holder.name.label("holder_name"),
                lock.c.ends_on,
                cleared.label("cleared"),
            )
            .select_from(model)
            .join(lock, true(), isouter=True)
            .join(assignee, assignee.id == model.assignee_id, isouter=True)
            .join(holder, holder.id == lock.c.holder_id, isouter=True)
            .where(model.id == func.any(bindparam(f"{kind}s", type_=ARRAY(Uuid), required=True)))
        )

    nobody: Any = literal_column("'{}'::uuid[]", ARRAY(Uuid))
    full_name = func.concat_ws(" ", Contact.first_name, Contact.last_name)
    statement = union_all(
        part("lead", Lead, name=Lead.name, account_id=Lead.account_id, lead_id=Lead.id, managers=nobody),
        part(
            "account",
            Account,
            name=Account.name,
            account_id=Account.id,
            lead_id=Account.lead_id,
            managers=Account.manager_ids,
        ),
        part(
            "contact",
            Contact,
            name=full_name,
            account_id=Contact.account_id,
            lead_id=Contact.lead_id,
            managers=Contact.manager_ids,
        ),
    )
    return unscoped(statement, reason="DUP-3: a match counts whether or not the asker may see it; wire() hides it")


_manages = literal(Permission.USERS_MANAGE.value) == func.any(Role.permissions)
_HEADS = Statement(
    select(User.id, User.name, _manages.label("manages"))
    .distinct()
    .join(UserRole, UserRole.user_id == User.id)
    .join(Role, Role.id == UserRole.role_id)
    .where(
        User.active,
        literal(Permission.CLEARANCES_DECIDE.value) == func.any(Role.permissions),
        or_(_manages, and_(~_manages, User.country == bindparam("country", type_=Text, required=True))),
    )
    .order_by(_manages, User.name)
    .limit(20)
)


async def country_heads(ctx: Context, country: str | None) -> list[dict[str, Any]]:
    """Who decides on clearances in that country: its heads or, where it has none, the administrators."""
    rows = await ctx.fetch(_HEADS, country=country)
    heads = [row for row in rows if not row["manages"]] or rows
    return [{"id": row["id"], "name": row["name"]} for row in heads]
