"""Who may change a lead that they see."""

from app.core.context import Context
from app.core.permissions import Permission
from app.leads.models import Lead
from app.leads.problems import NotYourLead


def may_change(ctx: Context, lead: Lead) -> None:
    """Raise NotYourLead unless the asker is its assignee or creator, in one of its teams, or manages all leads."""
    user = ctx.user
    mine = user.user_id in (lead.assignee_id, lead.created_by) or not set(user.team_ids).isdisjoint(lead.team_ids)
    if not mine and not ctx.may(Permission.LEADS_MANAGE_ALL):
        raise NotYourLead
