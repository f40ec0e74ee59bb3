"""Several new records in one round trip, for paths where the unit of work is too slow (see `bench/`)."""

from typing import Any

from sqlalchemy import Executable, bindparam, insert

from app.core.context import Context
from app.core.statements import prepared


async def insert_all(ctx: Context, *records: Any) -> None:
    """Write new mapped objects, ids given, in one statement; columns left unset take the database's defaults.

    The objects stay outside the session: what happens to them afterwards is not written.
    """
    shape = []
    values: dict[str, Any] = {}
    for number, record in enumerate(records):
        fields = {name: value for name, value in vars(record).items() if name in record.__table__.columns}
        shape.append((type(record), tuple(fields)))
        values |= {f"r{number}_{name}": value for name, value in fields.items()}
        ctx.held.add(record.id)
    await ctx.run(_insert(tuple(shape)), **values)


@prepared
def _insert(shape: tuple[tuple[type[Any], tuple[str, ...]], ...]) -> Executable:
    """One INSERT per record, all but the last as CTEs: constraints and triggers look once all rows are there."""
    statements = [
        insert(model.__table__).values(
            {
                name: bindparam(f"r{number}_{name}", type_=model.__table__.columns[name].type, required=True)
                for name in fields
            }
        )
        for number, (model, fields) in enumerate(shape)
    ]
    *before, last = statements
    return last.add_cte(*(statement.cte(f"r{number}") for number, statement in enumerate(before)))
