"""Who sees what: one predicate per owned model, and a tripwire that raises when a statement forgets it.

A model is owned when it has a class method `visible_to(user, teams)` that returns the predicate for an ordinary member. Models
that people ask about ("why do I see this?", ID-7) name each alternative of it: see `Explained`.
Statements reach an owned table through `visible()` / `scope()`, or say aloud why not with `unscoped(reason=…)`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeVar, assert_never, cast
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Executable, Select, Table, Uuid, bindparam, event, false, or_, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import Insert
from sqlalchemy.types import TypeEngine

from app.core.principal import Principal, Reach, UserPrincipal, reach

USER = "p_user"
TEAMS = "p_teams"
_IDS: TypeEngine[list[UUID]] = cast(Any, ARRAY(Uuid()))


class Owned(Protocol):
    """A mapped class whose rows belong to somebody."""

    __table__: ClassVar[Any]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]: ...


class Explained:
    """Mixin of an owned model whose rule is a list of reasons, each of which is enough. The predicate is made of them, so what
    `app.access` explains is what decides.
    """

    @classmethod
    def reasons_to_see(
        cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]
    ) -> Mapping[str, ColumnElement[bool]]:
        """The conditions by their name; that of the record's teams is called `team`."""
        raise NotImplementedError

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Whether one of the reasons holds."""
        return or_(*cls.reasons_to_see(user, teams).values())


M = TypeVar("M", bound=Owned)
S = TypeVar("S", bound=Select[Any])
X = TypeVar("X", bound=Executable)

_OWNED: dict[Table, type[Owned]] = {}


def owned(model: type[M]) -> type[M]:
    """Class decorator: put the model's table under the tripwire."""
    _OWNED[cast(Table, model.__table__)] = model
    return model


def owned_tables() -> frozenset[Table]:
    """The tables under the tripwire."""
    return frozenset(_OWNED)


class UnscopedAccess(Exception):
    """A statement touches an owned table without having gone through `visible()`, `scope()` or `unscoped()`: a defect."""


def predicate(model: type[Owned], how_far: Reach, principal: UserPrincipal | None = None) -> ColumnElement[bool] | None:
    """The model's condition for that reach; None where everything may be seen.

    Without a principal the user and their teams stay open binds (`p_user`, `p_teams`), filled at each execution.
    """
    match how_far:
        case "all":
            return None
        case "nobody":
            return false()
        case "member":
            if principal is None:
                user: ColumnElement[UUID] = bindparam(USER, type_=Uuid(), required=True)
                teams: ColumnElement[list[UUID]] = bindparam(TEAMS, type_=_IDS, required=True)
            else:
                user = bindparam(USER, principal.user_id, type_=Uuid())
                teams = bindparam(TEAMS, list(principal.team_ids), type_=_IDS)
            return model.visible_to(user, teams)
        case _:
            assert_never(how_far)


def scope(statement: S, model: type[Owned], how_far: Reach, principal: UserPrincipal | None = None) -> S:
    """The statement, narrowed to the rows of `model` within that reach, and marked as such."""
    condition = predicate(model, how_far, principal)
    if condition is not None:
        statement = statement.where(condition)
    seen = statement.get_execution_options().get("scoped", frozenset())
    return statement.execution_options(scoped=seen | {model.__table__})


def visible(model: type[M], principal: Principal) -> Select[M]:
    """All rows of the model that this principal may see."""
    user = principal if isinstance(principal, UserPrincipal) else None
    return scope(select(model), model, reach(principal), user)


def unscoped(statement: X, *, reason: str) -> X:
    """Run the statement over all rows, whoever asks. The reason is for the reader."""
    assert reason
    return statement.execution_options(unscoped=reason)


def beside(statement: S, model: type[Owned], *, reason: str) -> S:
    """The statement joins this owned table only to show a little of it beside a scoped record. The reason is for the reader."""
    assert reason
    seen = statement.get_execution_options().get("scoped", frozenset())
    return statement.execution_options(scoped=seen | {model.__table__})


def assert_scoped(statement: Executable) -> None:
    """Raise UnscopedAccess when the statement reads or changes an owned table that was not scoped."""
    if statement.get_execution_options().get("unscoped") or isinstance(statement, Insert):
        return
    touched: set[Table] = set()
    scoped: set[Table] = set()
    for element in visitors.iterate(cast(visitors.ExternallyTraversible, statement)):
        if isinstance(element, Table):
            if element in _OWNED:
                touched.add(element)
        elif isinstance(element, Executable):
            options = element.get_execution_options()
            if options.get("unscoped"):
                scoped |= _OWNED.keys()
            scoped |= options.get("scoped", frozenset())
    if forgotten := touched - scoped:
        raise UnscopedAccess(f"use visible(), scope() or unscoped() for: {', '.join(t.name for t in forgotten)}")


@event.listens_for(Session, "do_orm_execute")
def _tripwire(state: ORMExecuteState) -> None:
    if not state.is_column_load and not state.is_relationship_load:
        assert_scoped(state.statement)
