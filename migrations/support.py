"""What migrations share."""

from alembic import op


def watch(table: str, *, id_column: str = "id", hidden: tuple[str, ...] = (), versioned: bool = True) -> None:
    """Put a business table under the change log; values of hidden columns are never written there.

    A versioned table has its `version` and `updated_at` raised on each update.
    """
    arguments = ", ".join(f"'{name}'" for name in (id_column, *hidden))
    op.execute(
        f"CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION log_change({arguments})"
    )
    if versioned:
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch()")
