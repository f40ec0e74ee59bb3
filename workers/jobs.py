"""Every feature's jobs: importing this module registers their handlers. A test finds those that are missing."""

import app.accounts.jobs
import app.activities.jobs
import app.background_jobs.jobs
import app.contacts.jobs
import app.data_quality.jobs
import app.duplicate_scans.jobs
import app.files.jobs
import app.follow_ups.jobs
import app.identity.jobs
import app.locks.jobs
import app.lookups.jobs
import app.mail.jobs
import app.merges.jobs
import app.models
import app.notifications.jobs
import app.reminders.jobs
import app.sync.jobs
import app.team_following.jobs  # noqa: F401  (all of these: to register their jobs)
