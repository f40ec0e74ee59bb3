"""What one may be allowed to do, and what the built-in roles allow: the table of F, chapter 1.1, made readable.

Roles are data (`roles`), seeded from here and editable by an administrator; a permission's name is code.
"""

from enum import StrEnum


class Permission(StrEnum):
    """A right that a role can hold."""

    RECORDS_READ_ALL = "records.read_all"
    USERS_READ = "users.read"
    USERS_MANAGE = "users.manage"
    TEAMS_MANAGE = "teams.manage"
    PROJECTS_MANAGE = "projects.manage"
    LEADS_READ = "leads.read"
    LEADS_CREATE = "leads.create"
    LEADS_UPDATE = "leads.update"
    LEADS_DELETE = "leads.delete"
    LEADS_CONVERT = "leads.convert"
    LEADS_ASSIGN = "leads.assign"
    LEADS_MANAGE_ALL = "leads.manage_all"
    PROTECTION_CHECK = "protection.check"
    LOCKS_MANAGE = "locks.manage"
    CLEARANCES_REQUEST = "clearances.request"
    CLEARANCES_DECIDE = "clearances.decide"
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_WRITE = "accounts.write"
    ACCOUNTS_DELETE = "accounts.delete"
    CONTACTS_READ = "contacts.read"
    CONTACTS_WRITE = "contacts.write"
    CONTACTS_DELETE = "contacts.delete"
    OPPORTUNITIES_READ = "opportunities.read"
    OPPORTUNITIES_WRITE = "opportunities.write"
    OPPORTUNITIES_CREATE_REQUESTED = "opportunities.create_requested"
    ACTIVITIES_READ = "activities.read"
    ACTIVITIES_WRITE = "activities.write"
    TASKS_COMPLETE = "tasks.complete"
    MESSAGES_SEND = "messages.send"
    HISTORY_READ = "history.read"
    JOBS_MANAGE = "jobs.manage"
    RECORDS_MERGE = "records.merge"
    ERP_FOLLOW = "erp.follow"
    DUPLICATES_SCAN = "duplicates.scan"
    ACCOUNTS_SET_VIP = "accounts.set_vip"
    SETTINGS_MANAGE = "settings.manage"
    ACCESS_EXPLAIN = "access.explain"
    DATA_QUALITY_READ = "data_quality.read"
    VISIT_REPORTS_WRITE = "visit_reports.write"
    VISIT_REPORTS_REVIEW = "visit_reports.review"
    FOLLOW_UPS_WRITE = "follow_ups.write"


P = Permission

_READ = {
    P.USERS_READ,
    P.LEADS_READ,
    P.PROTECTION_CHECK,
    P.ACCOUNTS_READ,
    P.CONTACTS_READ,
    P.OPPORTUNITIES_READ,
    P.ACTIVITIES_READ,
    P.HISTORY_READ,
    P.MESSAGES_SEND,
    P.FOLLOW_UPS_WRITE,
}
_LEADS = {P.LEADS_CREATE, P.LEADS_UPDATE, P.LEADS_DELETE, P.LEADS_CONVERT, P.LEADS_ASSIGN, P.CLEARANCES_REQUEST}
_CUSTOMERS = {
    P.ACCOUNTS_WRITE,
    P.CONTACTS_WRITE,
    P.ACTIVITIES_WRITE,
    P.TASKS_COMPLETE,
    P.RECORDS_MERGE,
    P.DATA_QUALITY_READ,
    P.VISIT_REPORTS_WRITE,
    P.VISIT_REPORTS_REVIEW,
}

BUILT_IN_ROLES: dict[str, tuple[str, str, frozenset[Permission]]] = {
    # key: (German label, English label, permissions)
    "mst": (
        "Mobiler Servicetechniker",
        "Mobile technician",
        frozenset(
            {P.USERS_READ, P.LEADS_READ, P.LEADS_CREATE, P.ACCOUNTS_READ, P.CONTACTS_READ, P.ACTIVITIES_READ}
            | {P.TASKS_COMPLETE, P.PROTECTION_CHECK, P.MESSAGES_SEND, P.VISIT_REPORTS_WRITE, P.FOLLOW_UPS_WRITE}
        ),
    ),
    "rm": (
        "Relationship-Manager",
        "Relationship manager",
        frozenset(_READ | _LEADS | _CUSTOMERS | {P.CONTACTS_DELETE}),
    ),
    "cm": ("Centre-Manager", "Centre manager", frozenset(_READ | _CUSTOMERS | {P.LEADS_UPDATE, P.LEADS_ASSIGN})),
    "adm": (
        "Außendienst",
        "Field sales",
        frozenset(_READ | _CUSTOMERS | {P.LEADS_CREATE, P.LEADS_UPDATE, P.OPPORTUNITIES_WRITE, P.CLEARANCES_REQUEST}),
    ),
    "fn": (
        "Franchisenehmer",
        "Franchisee",
        frozenset(_READ | _LEADS | _CUSTOMERS | {P.OPPORTUNITIES_WRITE, P.ACCOUNTS_SET_VIP}),
    ),
    "bdm": (
        "Business Development",
        "Business development",
        frozenset(_READ | _LEADS | _CUSTOMERS | {P.OPPORTUNITIES_WRITE}),
    ),
    "ks": (
        "Kundenservice",
        "Sales support",
        frozenset(
            _READ | {P.OPPORTUNITIES_WRITE, P.OPPORTUNITIES_CREATE_REQUESTED, P.ACTIVITIES_WRITE, P.TASKS_COMPLETE}
        ),
    ),
    "developer": ("Developer", "Developer", frozenset(_READ | _LEADS | _CUSTOMERS | {P.OPPORTUNITIES_WRITE})),
    "country_head": (
        "Country Head",
        "Country head",
        frozenset(
            _READ
            | _LEADS
            | _CUSTOMERS
            | {P.OPPORTUNITIES_WRITE, P.CLEARANCES_DECIDE, P.LOCKS_MANAGE, P.LEADS_MANAGE_ALL, P.DUPLICATES_SCAN}
        ),
    ),
    "integration": (
        "Schnittstelle",
        "Integration",
        frozenset(_READ | _CUSTOMERS | {P.RECORDS_READ_ALL, P.LEADS_CREATE, P.LEADS_UPDATE, P.ERP_FOLLOW}),
    ),
    "admin": ("Administrator", "Administrator", frozenset(Permission)),
}
