"""Who may change a lead that they see."""

from app.core.context import Context
from app.core.permissions import Permission
from app.leads.models import Lead
from app.leads.problems import NotYourLead


def may_change(ctx: Context, lead: Lead) -> None:
    """Raise NotYourLead unless the asker is its assignee or creator, in one of its teams, manages all leads of its country, or
    is an administrator.
    """
    user = ctx.user
    mine = user.user_id in (lead.assignee_id, lead.created_by) or not set(user.team_ids).isdisjoint(lead.team_ids)
    heads = ctx.may(Permission.LEADS_MANAGE_ALL) and lead.country is not None and user.country == lead.country
    if not mine and not heads and not ctx.may(Permission.USERS_MANAGE):
        raise NotYourLead
