"""Every feature's router, the busiest first: routes are tried one after another. The documentation goes by TAGS."""

from fastapi import APIRouter

from app.access.router import router as access
from app.accounts.organisation_router import router as member_organisations
from app.accounts.router import router as accounts
from app.activities.router import router as activities
from app.background_jobs.router import router as background_jobs
from app.calendar.router import router as calendar
from app.call_lists.router import router as call_lists
from app.call_scripts.router import router as call_scripts
from app.contact_types.router import router as contact_types
from app.contacts.membership_router import router as account_contacts
from app.contacts.router import router as contacts
from app.conversion.router import router as conversion
from app.custom_fields.router import router as custom_fields
from app.data_quality.router import router as data_quality
from app.day.router import router as day
from app.departures.router import router as departures
from app.duplicate_scans.router import router as duplicate_scans
from app.duplicates.dismissal_router import router as dismissals
from app.duplicates.router import router as duplicates
from app.erp_events.router import router as erp_events
from app.files.photo_router import router as photos
from app.files.router import router as files
from app.follow_ups.router import router as follow_ups
from app.history.router import router as history
from app.identity.auth_router import router as auth
from app.identity.router import me, people, role_router
from app.identity.team_router import centre_router
from app.identity.team_router import router as teams
from app.jobs.router import router as jobs
from app.leads.router import router as leads
from app.locks.router import router as protection
from app.lookups.router import router as lookups
from app.meetings.router import router as meetings
from app.merges.router import router as merges
from app.messages.router import router as messages
from app.metadata.router import router as metadata
from app.notifications.router import router as notifications
from app.notifications.router import settings_router as notification_settings
from app.opportunities.router import pipeline_router
from app.opportunities.router import router as opportunities
from app.projects.router import router as projects
from app.recording.router import router as recording
from app.registration.account_router import router as account_registration
from app.registration.router import router as registration
from app.sync.router import router as sync
from app.timeline.router import router as timeline
from app.visit_reports.router import amendments
from app.visit_reports.router import router as visit_reports

ROUTERS: list[APIRouter] = [
    leads,
    registration,
    conversion,
    protection,
    accounts,
    account_registration,
    contacts,
    opportunities,
    pipeline_router,
    activities,
    recording,
    meetings,
    calendar,
    follow_ups,
    sync,
    visit_reports,
    amendments,
    timeline,
    call_lists,
    files,
    photos,
    messages,
    notifications,
    notification_settings,
    duplicates,
    merges,
    dismissals,
    duplicate_scans,
    lookups,
    data_quality,
    jobs,
    history,
    access,
    metadata,
    background_jobs,
    erp_events,
    auth,
    me,
    day,
    people,
    role_router,
    teams,
    centre_router,
    member_organisations,
    account_contacts,
    departures,
    contact_types,
    call_scripts,
    projects,
    custom_fields,
]

TAGS = [
    {"name": "auth", "description": "Signing in, devices, passwords."},
    {"name": "me", "description": "The signed-in user."},
    {"name": "users", "description": "People."},
    {"name": "roles", "description": "Sets of permissions."},
    {"name": "teams", "description": "Who sees what together; centres."},
    {"name": "projects", "description": "Rules for leads."},
    {"name": "custom-fields", "description": "Fields that the installation adds to its records."},
    {"name": "protection", "description": "Is this customer taken? Checks, lead locks, clearances."},
    {"name": "leads", "description": "Possible customers, their board and their conversion."},
    {"name": "duplicates", "description": "Duplicate check, and what is no duplicate."},
    {"name": "accounts", "description": "Customers."},
    {"name": "contacts", "description": "The people of customers."},
    {"name": "data-quality", "description": "What is not as it should be, and what mends it."},
    {"name": "opportunities", "description": "Chances of an order, their board, pipelines."},
    {"name": "activities", "description": "Calls, meetings, tasks, notes, e-mails, visit reports."},
    {"name": "visit-reports", "description": "Amending and reviewing visit reports."},
    {"name": "sync", "description": "Offline clients: what has changed, and what was written meanwhile."},
    {"name": "follow-ups", "description": "What is to be come back to, and when: with reminders."},
    {"name": "call-lists", "description": "Whom to call next."},
    {"name": "calendar", "description": "Calendars: read, shared, subscribed to; when colleagues are free."},
    {"name": "attachments", "description": "Files on records."},
    {"name": "messages", "description": "Messages between users."},
    {"name": "notifications", "description": "What somebody should know."},
    {"name": "jobs", "description": "Long work that somebody has asked for."},
    {"name": "background-jobs", "description": "Jobs that failed, for administrators."},
    {"name": "erp-events", "description": "What the ERP is to be told."},
    {"name": "metadata", "description": "What forms and lists are made of: fields, options, labels, actions."},
    {"name": "operation", "description": "Health, readiness, metrics."},
]
