"""How a user wants to be told: by kind, in the app and by e-mail (LEAD-12)."""

from collections.abc import Mapping
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.context import Context
from app.core.etags import require_version
from app.core.expressions import asker
from app.core.problems import Invalid
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.notifications import texts
from app.notifications.digests import DAILY_HOUR, ask_anew
from app.notifications.models import NotificationSettings
from app.notifications.schemas import KindSettings, NotificationSettingsRead, NotificationSettingsUpdate

_OWN = Statement(
    unscoped(
        select(*(getattr(NotificationSettings, name) for name in ("version", "kinds", "digest_hour")))
        .add_columns(NotificationSettings.digest_weekdays_only)
        .where(NotificationSettings.user_id == asker()),
        reason="the asker's own",
    )
)
_ALWAYS = {
    "de": "Darüber wird immer benachrichtigt; das lässt sich nicht abschalten.",
    "en": "People are always told this; it cannot be switched off.",
}


async def read(ctx: Context) -> NotificationSettingsRead:
    """The asker's settings; who has made none has the defaults, as version 0."""
    rows = await ctx.fetch(_OWN)
    if not rows:
        return _shown(0, {}, DAILY_HOUR, weekdays_only=False)
    row = rows[0]
    return _shown(row["version"], row["kinds"], row["digest_hour"], weekdays_only=row["digest_weekdays_only"])


async def change(ctx: Context, patch: NotificationSettingsUpdate, if_match: str | None) -> None:
    """Change the asker's settings; null brings a kind, or a channel of it, back to the default.

    Raises Invalid, PreconditionRequired, StaleVersion.
    """
    mine = NotificationSettings.user_id == ctx.user.user_id
    await ctx.session.execute(
        insert(NotificationSettings).values(user_id=ctx.user.user_id, kinds={}).on_conflict_do_nothing()
    )
    statement = unscoped(select(NotificationSettings).where(mine).with_for_update(), reason="the asker's own")
    settings = (await ctx.session.execute(statement)).scalar_one()

    async def current() -> bytes:
        return (await read(ctx)).model_dump_json().encode()

    await require_version(settings.version, if_match, current)
    errors = []
    kinds: dict[str, Any] = {**settings.kinds}
    for kind, wish in (patch.kinds or {}).items():
        wished = {} if wish is None else {**kinds.get(kind, {}), **wish.model_dump(exclude_unset=True)}
        for channel in texts.ALWAYS.get(kind, ()):
            if wished.get(channel) not in (None, _default(channel)):
                errors.append((f"/kinds/{kind}/{channel}", "always_told", _ALWAYS))
        kinds[kind] = {name: value for name, value in wished.items() if value not in (None, _default(name))}
    if errors:
        raise Invalid(errors)
    settings.kinds = {kind: wish for kind, wish in kinds.items() if wish}
    if patch.digest_hour is not None:
        settings.digest_hour = patch.digest_hour
    if patch.digest_weekdays_only is not None:
        settings.digest_weekdays_only = patch.digest_weekdays_only
    settings.version += 1
    await ctx.session.flush()
    await ask_anew(ctx, settings, ctx.user.time_zone)


def _default(channel: str) -> object:
    return True if channel == "in_app" else "at_once"


def _shown(version: int, kinds: Mapping[str, Any], hour: int, *, weekdays_only: bool) -> NotificationSettingsRead:
    return NotificationSettingsRead(
        version=version,
        digest_hour=hour,
        digest_weekdays_only=weekdays_only,
        kinds={
            kind: KindSettings(
                in_app=kinds.get(kind, {}).get("in_app", True),
                email=kinds.get(kind, {}).get("email", "at_once"),
                always=list(texts.ALWAYS.get(kind, ())),
            )
            for kind in get_args(texts.Kind)
        },
    )
