"""What can be wrong with a job."""

from app.core.problems import Problem


class JobOver(Problem):
    """What has ended cannot be cancelled."""

    status = 409
    code = "job_over"
    title = {"de": "Auftrag schon beendet", "en": "Job is over"}
    detail = {
        "de": "Der Auftrag ist schon beendet und kann nicht mehr abgebrochen werden.",
        "en": "The job has ended and can no longer be cancelled.",
    }
