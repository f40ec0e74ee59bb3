"""`make verify-index`: what was found, in lines that an administrator reads."""

from dataclasses import dataclass
from time import monotonic

from app.core.db import long_work
from app.reindexing.verify import Kind, Report, verify

_WORDS: dict[Kind, str] = {
    "missing": "records are not in the index",
    "stale": "records stand in it as they were before",
    "orphaned": "parties in it have no record any more",
    "key_missing": "keys are missing",
    "key_foreign": "keys belong to nobody",
}


@dataclass(frozen=True)
class Outcome:
    """The lines to show, and whether something is still wrong."""

    lines: list[str]
    wrong_still: bool


async def verify_index(url: str, *, repair: bool) -> Outcome:
    """Compare the index of this database with its records, and mend it if asked to."""
    began = monotonic()
    async with long_work(url) as connection:
        report = await verify(connection, repair=repair)
    return Outcome(_lines(report, monotonic() - began, repair=repair), wrong_still=report.left > 0)


def _lines(report: Report, seconds: float, *, repair: bool) -> list[str]:
    lines = [f"Compared {report.records:,} records and {report.keys:,} keys in {seconds:.0f} s."]
    if not report.wrong:
        return [*lines, "The index and the records agree."]
    lines += [f"{number:,} {_WORDS[kind]}" for kind, number in report.wrong.items()]
    lines += [f"  {example}" for example in report.examples]
    if repair and not report.left:
        return [*lines, "All of it is mended."]
    if repair:
        lines.append(
            f"{report.left:,} could not be mended just now; run it again. If that does not help, rebuild the index:"
        )
        return [*lines, "  DELETE FROM index_state, and start Leadwerk again."]
    return [*lines, "Nothing was changed."]
