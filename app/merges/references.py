"""What hangs on a lead, account or contact, and goes with it when it is merged (DUP-4).

Every column that names such a record stands here, either to be moved or with the reason why it stays; a test compares this
with the database's own catalogue. A table that names a kind of record names it in one column.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that holds the id of the record. `type_column` tells of which kind it is, where that varies."""

    table: str
    column: str
    key: str = "id"
    type_column: str | None = None


_LINKED = (
    Reference("messages", "record_id", type_column="record_type"),
    Reference("notifications", "record_id", type_column="record_type"),
    Reference("record_redirects", "winner_id", key="loser_id", type_column="record_type"),
)

MOVES: dict[str, tuple[Reference, ...]] = {
    "lead": (
        Reference("accounts", "lead_id"),
        Reference("contacts", "lead_id"),
        Reference("opportunities", "lead_id"),
        Reference("activities", "lead_id"),
        Reference("lead_locks", "lead_id"),
        Reference("clearances", "lead_id"),
        Reference("departures", "lead_id"),
        Reference("attachments", "lead_id"),
        Reference("follow_ups", "lead_id"),
        *_LINKED,
    ),
    "account": (
        Reference("accounts", "parent_id"),
        Reference("contacts", "account_id"),
        Reference("leads", "account_id"),
        Reference("conversions", "account_id", key="lead_id"),
        Reference("opportunities", "account_id"),
        Reference("activities", "account_id"),
        Reference("lead_locks", "account_id"),
        Reference("clearances", "account_id"),
        Reference("attachments", "account_id"),
        Reference("follow_ups", "account_id"),
        Reference("erp_events", "account_id"),
        *_LINKED,
    ),
    "contact": (
        Reference("accounts", "main_contact_id"),
        Reference("contacts", "previous_contact_id"),
        Reference("departures", "contact_id"),
        Reference("leads", "contact_id"),
        Reference("conversions", "contact_id", key="lead_id"),
        Reference("opportunities", "contact_id"),
        Reference("activities", "contact_id"),
        Reference("activity_contacts", "contact_id"),
        Reference("attachments", "contact_id"),
        Reference("follow_ups", "contact_id"),
        *_LINKED,
    ),
}

STAYS: dict[str, str] = {
    # table.column: why it goes on naming what it named
    "account_contacts.account_id": "pairs, moved by app.merges.pairs",
    "account_contacts.contact_id": "pairs, moved by app.merges.pairs",
    "account_revenues.account_id": "one per year, moved by app.merges.pairs",
    "account_calls.account_id": "when they were last called, kept by triggers on the calls that are moved",
    "attachments.record_id": "computed from the columns that are moved",
    "call_claims.company_id": "who is calling there just now; over in half an hour",
    "call_claims.record_id": "likewise",
    "call_deferrals.for_user_id": "names a user",
    "call_deferrals.record_id": "whom not to call for some days; the record that it became may be called",
    "change_log.record_id": "what happened to a record happened to it",
    "contact_calls.account_id": "the contact's own, kept by a trigger",
    "contact_calls.contact_id": "when they were last called, kept by triggers on the calls that are moved",
    "custom_values.record_id": "made of the record's own values, by a trigger",
    "conversions.lead_id": "a converted lead never loses",
    "data_quality_candidates.record_id": "looked for anew each night; who is gone meanwhile is not shown",
    "duplicate_dismissals.first_id": "pairs, moved by app.duplicates",
    "duplicate_dismissals.second_id": "pairs, moved by app.duplicates",
    "duplicate_cluster_members.record_id": "a cluster says what the scan saw; one whose members are gone counts as merged",
    "follow_ups.record_id": "computed from the columns that are moved",
    "merge_moves.loser_id": "what was, for the undoing",
    "merge_moves.row_id": "what was, for the undoing",
    "merges.loser_ids": "a merge says what it merged",
    "merges.winner_id": "a merge says what it merged; later ones are undone first",
    "party.record_id": "the index, written anew",
    "reminders.record_id": "an activity or a follow-up, which are moved themselves",
    "record_redirects.loser_id": "the old id itself",
    "sync_operations.record_id": "what a device wrote then, so that it is not done twice",
}

QUIET = frozenset({"erp_events", "notifications", "record_redirects"})
"""Tables that are moved, but not counted for people."""
