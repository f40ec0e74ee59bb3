"""SQLAlchemy statements compiled once and run by asyncpg: what the hot paths use.

The ORM costs three times a raw query on the same row (see `bench/`). A `Statement` keeps SQLAlchemy's typed
construction and the visibility tripwire, and pays for both once.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, ParamSpec, cast

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from app.core.visibility import assert_scoped

P = ParamSpec("P")

_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialect factories carry no types


class Statement:
    """SQL text with the order of its arguments. Raises UnscopedAccess at once when the visibility was forgotten."""

    __slots__ = ("_arguments", "names", "sql")

    def __init__(self, statement: Executable) -> None:
        assert_scoped(statement)
        compiled = cast(SQLCompiler, statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True}))  # type: ignore[attr-defined]  # every Executable compiles
        self.sql = str(compiled)
        self.names = tuple(compiled.positiontup or ())
        processors = cast(dict[str, Callable[[Any], Any]], compiled._bind_processors)  # noqa: SLF001  (as its own execution does)
        by_name = {key: bind for bind, key in compiled.bind_names.items()}
        self._arguments = tuple(
            (
                name,
                by_name[name].required,
                None if by_name[name].required else by_name[name].effective_value,
                processors.get(name),
            )
            for name in self.names
        )

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """The values in the order of the SQL text; KeyError for a required one that lacks."""
        out = []
        for name, required, default, process in self._arguments:
            value = values[name] if required or name in values else default
            out.append(process(value) if process is not None and value is not None else value)
        return out


def prepared(build: Callable[P, Executable]) -> Callable[P, Statement]:
    """Decorator: the built statement is compiled once for each combination of (hashable) arguments and kept."""

    @lru_cache(maxsize=512)
    def cached(*args: Hashable, **kwargs: Hashable) -> Statement:
        return Statement(build(*args, **kwargs))  # type: ignore[arg-type]  # lru_cache erases the signature

    return cast(Callable[P, Statement], cached)
