"""The steps of an explanation: what was asked, what came out, and what the answer rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.access.kinds import Condition
from app.access.schemas import AccessEvidence, AccessRole, AccessStep, AccessTeam, Subject
from app.access.texts import NOBODY, TEXTS
from app.core.permissions import Permission
from app.core.principal import READ_ALL
from app.core.problems import Language
from app.identity.standing import RoleOf, Standing

_REST_ON = {
    # the permission that a reason rests on, by the reason's code
    "sees_all": Permission(READ_ALL),
    "administrator": Permission.USERS_MANAGE,
    "country_head": Permission.LEADS_MANAGE_ALL,
    "may_write": Permission.ACTIVITIES_WRITE,
    "calendar_write": Permission.ACTIVITIES_WRITE,
    "own_task": Permission.TASKS_COMPLETE,
    "own_report": Permission.VISIT_REPORTS_WRITE,
    "reviewer": Permission.VISIT_REPORTS_REVIEW,
}
_VALUE_OF = {"open_to_all": ("access", "visibility"), "open_to_change": ("access",)}


@dataclass
class Explanation:
    """The steps so far, and what they are about."""

    language: Language
    standing: Standing
    record: Any
    teams: Sequence[AccessTeam]
    known: Sequence[Any] = ()
    steps: list[AccessStep] = field(default_factory=list)

    def passed(self, about: Subject) -> bool:
        """Whether all steps about this pass, or those that are enough each: one of them."""
        steps = [step for step in self.steps if step.about == about]
        alternatives = [step.passed for step in steps if step.enough]
        return all(step.passed for step in steps if not step.enough) and (not alternatives or any(alternatives))

    def ask(
        self,
        about: Subject,
        code: str,
        passed: bool,
        *,
        enough: bool = False,
        permission: Permission | None = None,
        team: AccessTeam | None = None,
        value: object = None,
        words: str | None = None,
    ) -> None:
        """Note a question and its answer; `words` where its text goes by another code."""
        roles = self.standing.roles_with(permission) if permission else []
        german = self.language == "de"
        labels = ", ".join(role.label_de if german else role.label_en for role in roles)
        text = TEXTS[words or code][not passed][not german].format(
            user=self.standing.principal.name,
            permission=permission,
            roles=labels or NOBODY[not german],
            team=team.name if team else "",
            value=value,
        )
        evidence = AccessEvidence(
            permission=permission,
            roles=[_role(role, german=german) for role in roles],
            team=team,
            value=None if value is None else str(value),
        )
        step = AccessStep(
            about=about, code=code, passed=passed, enough=enough, decisive=False, message=text, evidence=evidence
        )
        self.steps.append(step)

    def permission(self, about: Subject, permission: Permission) -> None:
        """Ask for a permission that the route requires."""
        self.ask(about, "permission", permission in self.standing.principal.permissions, permission=permission)

    def reasons(self, about: Subject, reasons: Mapping[str, bool]) -> None:
        """Ask for reasons that are enough each; that of the teams is asked for each of them."""
        for code, holds in reasons.items():
            if code == "team":
                self._each_team(about, holds)
                continue
            value = next((getattr(self.record, n) for n in _VALUE_OF.get(code, ()) if hasattr(self.record, n)), None)
            self.ask(about, code, holds, enough=True, permission=_REST_ON.get(code), value=value)

    def _each_team(self, about: Subject, holds: bool) -> None:
        if not self.teams:
            self.ask(about, "team", holds, enough=True, words="no_team")
        for team in self.teams:
            member = team.id in self.standing.principal.team_ids
            self.ask(about, "team", holds and member, enough=True, team=team)

    def conditions(self, about: Subject, conditions: Sequence[Condition]) -> None:
        """Ask what must hold of the record itself."""
        for condition in conditions:
            self.ask(about, condition.code, condition.holds(self.record), value=condition.value(self.record))

    def decided(self) -> list[AccessStep]:
        """The steps, each saying whether the answer rests on it."""
        return [step.model_copy(update={"decisive": self._decisive(step)}) for step in self.steps]

    def _decisive(self, step: AccessStep) -> bool:
        if self.passed(step.about):
            return step.passed and step.enough
        hindrances = [other for other in self.steps if other.about == step.about and not other.enough]
        blocked = any(not other.passed for other in hindrances)
        return not step.passed and step.enough != blocked


def _role(role: RoleOf, *, german: bool) -> AccessRole:
    return AccessRole(key=role.key, label=role.label_de if german else role.label_en)
