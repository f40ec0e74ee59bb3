"""What can be wrong with replaying a job."""

from app.core.problems import Problem


class JobNotDead(Problem):
    status = 409
    code = "job_not_dead"
    title = {"de": "Auftrag nicht gescheitert", "en": "Job not dead"}
    detail = {
        "de": "Nur ein endgültig gescheiterter Auftrag kann wiederholt werden.",
        "en": "Only a job that was given up can be run again.",
    }


class JobAskedForAgain(Problem):
    status = 409
    code = "job_asked_for_again"
    title = {"de": "Auftrag schon neu erteilt", "en": "Job asked for again"}
    detail = {
        "de": "Derselbe Auftrag wurde inzwischen neu erteilt und steht an.",
        "en": "The same job has been asked for again meanwhile, and is waiting.",
    }
