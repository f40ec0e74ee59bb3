"""Who may change a lead that they see."""

from app.core.context import Context
from app.core.permissions import Permission
from app.core.principal import Principal, UserPrincipal, may
from app.leads.models import Lead
from app.leads.problems import NotYourLead


def reasons_to_change(asker: Principal, lead: Lead) -> dict[str, bool]:
    """Why somebody who sees the lead may change it: each of these is enough."""
    if not isinstance(asker, UserPrincipal):
        return {}
    of_country = lead.country is not None and asker.country == lead.country
    return {
        "assignee": asker.user_id == lead.assignee_id,
        "creator": asker.user_id == lead.created_by,
        "team": not set(asker.team_ids).isdisjoint(lead.team_ids),
        "country_head": may(asker, Permission.LEADS_MANAGE_ALL) and of_country,
        "administrator": may(asker, Permission.USERS_MANAGE),
    }


def may_change(ctx: Context, lead: Lead) -> None:
    """Raise NotYourLead unless the asker is its assignee or creator, in one of its teams, manages all leads of its country, or
    is an administrator.
    """
    if not any(reasons_to_change(ctx.user, lead).values()):
        raise NotYourLead
