"""What SQL makes of values agrees with what the code makes of them."""

import pytest
from sqlalchemy import Text, cast, select, values
from sqlalchemy import column as named
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.expressions import plain_code
from app.core.particulars import plain_code as in_python

CODES = (
    "4020",
    "A-4020",
    "a 4020",
    "D-80331",
    "FL-9490",
    "SW1A 1AA",
    "sw1a-1aa",
    "1234 AB",
    "AB",
    "-",
    "",
    " 40 20 ",
    "É75",
)


@pytest.mark.rule("ACC-14")
async def test_postal_codes_are_the_same_in_sql(session: AsyncSession) -> None:
    pairs = [(country, code) for country in ("AT", "CH", "DE", "LI", "GB", "NL", "FR") for code in CODES]
    given = values(named("country", Text), named("code", Text), name="given").data(pairs)
    made = select(given.c.country, given.c.code, plain_code(given.c.country, cast(given.c.code, Text)))
    for country, code, plain in (await session.execute(made)).all():
        assert (plain or "") == in_python(country, code), (country, code)
