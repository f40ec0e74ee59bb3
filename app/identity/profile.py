"""One's own profile (ID-1, ID-3)."""

from sqlalchemy import select

from app.core.context import Context
from app.core.problems import Invalid, NotAuthenticated
from app.core.types import changes
from app.core.writing import assign, require_match
from app.identity.models import TeamMember, User
from app.identity.queries import ME
from app.identity.schemas import MeUpdate
from app.identity.users import name_private_team


async def update(ctx: Context, patch: MeUpdate, if_match: str | None) -> None:
    """Change one's own profile. Raises Invalid, StaleVersion."""
    user = await ctx.session.get(User, ctx.user.user_id, with_for_update=True)
    if user is None:
        raise NotAuthenticated
    await require_match(ctx, ME, user, if_match)
    if "default_team_id" in patch.model_fields_set:
        mine = select(TeamMember).where(TeamMember.user_id == user.id, TeamMember.team_id == patch.default_team_id)
        if (await ctx.session.execute(mine)).first() is None:
            message = {"de": "Zu diesem Team gehören Sie nicht.", "en": "You do not belong to this team."}
            raise Invalid([("/default_team_id", "not_your_team", message)])
    assign(user, patch)
    if changes(patch).keys() & {"first_name", "last_name"}:
        await name_private_team(ctx, user)
