"""Imports every feature's tables, for Alembic and the metadata."""

import app.accounts.models
import app.activities.models
import app.calendar.models
import app.call_lists.models
import app.call_scripts.models
import app.contact_types.models
import app.contacts.models
import app.core.history
import app.core.idempotency
import app.core.outbox
import app.custom_fields.models
import app.data_quality.models
import app.duplicate_scans.models
import app.duplicates.models
import app.erp_events.models
import app.files.models
import app.follow_ups.models
import app.identity.models
import app.jobs.models
import app.leads.models
import app.locks.models
import app.lookups.cache
import app.matching.index
import app.merges.models
import app.messages.models
import app.notifications.models
import app.opportunities.models
import app.projects.models
import app.reminders.models
import app.sync.models  # noqa: F401  (all of these: for their tables)
