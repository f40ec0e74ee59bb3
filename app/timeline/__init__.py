"""Everything about a record in one list, and its historical summary (HIST-1)."""
