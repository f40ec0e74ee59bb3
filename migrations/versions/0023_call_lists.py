"""Call lists: who was last called when, kept by triggers; claims, snoozes and favourites."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
HELD = "type = 'call' AND status = 'held'"
# Each locks its rows first, in order, and looks then: whoever waited sees what the other one has done. Whoever was merged away
# by the same statement is left alone.
REFRESH = f"""
CREATE FUNCTION refresh_last_calls(called_contacts uuid[], called_accounts uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(called_contacts) > 0 THEN
        PERFORM FROM contact_calls WHERE contact_id = ANY(called_contacts) ORDER BY contact_id FOR UPDATE;
        UPDATE contact_calls SET last_held_at = found.at
        FROM (
            SELECT k.contact_id, greatest(
                (SELECT a.at FROM activities a WHERE a.contact_id = k.contact_id AND {HELD}
                    ORDER BY a.at DESC, a.id DESC LIMIT 1),
                (SELECT max(a.at) FROM activity_contacts p JOIN activities a ON a.id = p.activity_id
                    WHERE p.contact_id = k.contact_id AND {HELD})
            ) AS at
            FROM contact_calls k JOIN contacts c ON c.id = k.contact_id WHERE k.contact_id = ANY(called_contacts)
        ) found
        WHERE contact_calls.contact_id = found.contact_id AND last_held_at IS DISTINCT FROM found.at;
    END IF;
    IF cardinality(called_accounts) > 0 THEN
        PERFORM FROM account_calls WHERE account_id = ANY(called_accounts) ORDER BY account_id FOR UPDATE;
        UPDATE account_calls SET last_held_at = found.at
        FROM (
            SELECT k.account_id, (SELECT a.at FROM activities a WHERE a.account_id = k.account_id AND {HELD}
                ORDER BY a.at DESC, a.id DESC LIMIT 1) AS at
            FROM account_calls k JOIN accounts c ON c.id = k.account_id WHERE k.account_id = ANY(called_accounts)
        ) found
        WHERE account_calls.account_id = found.account_id AND last_held_at IS DISTINCT FROM found.at;
    END IF;
END $$
"""
# A held call that was logged ends the claim on whom it was held with.
CHANGED = """
CREATE FUNCTION calls_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[]; contacts uuid[]; accounts uuid[];
BEGIN
    {rows}
    IF ids IS NULL THEN
        RETURN NULL;
    END IF;
    contacts := contacts || ARRAY(SELECT p.contact_id FROM activity_contacts p WHERE p.activity_id = ANY(ids));
    contacts := ARRAY(SELECT DISTINCT c FROM unnest(contacts) c WHERE c IS NOT NULL);
    accounts := ARRAY(SELECT DISTINCT a FROM unnest(accounts) a WHERE a IS NOT NULL);
    PERFORM refresh_last_calls(contacts, accounts);
    {then}
    RETURN NULL;
END $$
"""
# What is new can only be later: nothing else need be looked at.
LOGGED = """
CREATE FUNCTION call_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contact_calls SET last_held_at = NEW.at
    WHERE contact_id = NEW.contact_id AND (last_held_at IS NULL OR last_held_at < NEW.at);
    UPDATE account_calls SET last_held_at = NEW.at
    WHERE account_id = NEW.account_id AND (last_held_at IS NULL OR last_held_at < NEW.at);
    DELETE FROM call_claims
    WHERE (record_id IN (NEW.contact_id, NEW.account_id) OR company_id = NEW.account_id)
        AND (user_id = NEW.created_by OR NEW.at >= claimed_at);
    RETURN NULL;
END $$
"""
COLLECT = (
    "SELECT array_agg(id), array_agg(contact_id), array_agg(account_id) INTO ids, contacts, accounts FROM {source};"
)
COLLECT_CHANGED = """SELECT array_agg(n.id), array_agg(n.contact_id) || array_agg(o.contact_id),
        array_agg(n.account_id) || array_agg(o.account_id) INTO ids, contacts, accounts
    FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.type = 'call' AND (n.status = 'held' OR o.status = 'held')
        AND (n.status, n.at, n.contact_id, n.account_id) IS DISTINCT FROM (o.status, o.at, o.contact_id, o.account_id);"""
END_CLAIMS = "DELETE FROM call_claims WHERE record_id = ANY(contacts) OR record_id = ANY(accounts);"
END_CLAIMS_IF_HELD = f"""IF EXISTS (SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE n.type = 'call' AND n.status = 'held' AND o.status <> 'held') THEN
        {END_CLAIMS}
    END IF;"""
ON_ACTIVITIES = {
    # event: (rows, what follows, transition tables)
    "update": (COLLECT_CHANGED, END_CLAIMS_IF_HELD, "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "delete": (COLLECT.format(source=f"old_rows WHERE {HELD}"), "", "OLD TABLE AS old_rows"),
}
ON_PARTICIPANTS = """
CREATE FUNCTION call_participants_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refresh_last_calls(ARRAY(SELECT DISTINCT contact_id FROM ({rows}) changed), NULL);
    RETURN NULL;
END $$
"""
PARTICIPANTS = {
    "insert": (
        f"SELECT n.contact_id FROM new_rows n JOIN activities a ON a.id = n.activity_id AND {HELD}",
        "NEW TABLE AS new_rows",
    ),
    "update": (
        "SELECT contact_id FROM new_rows UNION SELECT contact_id FROM old_rows",
        "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    ),
    "delete": ("SELECT contact_id FROM old_rows", "OLD TABLE AS old_rows"),
}
KEEP_CONTACT = """
CREATE FUNCTION keep_contact_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO contact_calls (contact_id, account_id, callable)
        VALUES (NEW.id, NEW.account_id, NEW.relationship = 'active' AND NOT NEW.do_not_contact);
    ELSE  -- whoever is merged may be changed and deleted by one statement: their row is gone by now
        UPDATE contact_calls
        SET account_id = NEW.account_id, callable = NEW.relationship = 'active' AND NOT NEW.do_not_contact
        WHERE contact_id = NEW.id;
    END IF;
    RETURN NULL;
END $$
"""
KEEP_ACCOUNT = """
CREATE FUNCTION keep_account_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_calls (account_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
FILL = (
    f"""
    INSERT INTO contact_calls (contact_id, account_id, callable, last_held_at)
    SELECT c.id, c.account_id, c.relationship = 'active' AND NOT c.do_not_contact, called.at
    FROM contacts c LEFT JOIN (
        SELECT contact_id, max(at) AS at FROM (
            SELECT contact_id, at FROM activities WHERE {HELD} AND contact_id IS NOT NULL
            UNION ALL SELECT p.contact_id, a.at FROM activity_contacts p JOIN activities a ON a.id = p.activity_id AND {HELD}
        ) held GROUP BY contact_id
    ) called ON called.contact_id = c.id""",
    f"""
    INSERT INTO account_calls (account_id, last_held_at)
    SELECT c.id, called.at FROM accounts c LEFT JOIN (
        SELECT account_id, max(at) AS at FROM activities WHERE {HELD} GROUP BY account_id
    ) called ON called.account_id = c.id""",
)
FUNCTIONS = (
    *("keep_contact_calls()", "keep_account_calls()"),
    "call_logged()",
    *(f"calls_changed_{event}()" for event in ON_ACTIVITIES),
    *(f"call_participants_{event}()" for event in PARTICIPANTS),
    "refresh_last_calls(uuid[], uuid[])",
)
TABLES = ("contact_calls", "account_calls", "call_claims", "call_deferrals", "call_list_favourites")


def upgrade() -> None:
    op.execute(
        "LOCK TABLE contacts, accounts, activities IN SHARE ROW EXCLUSIVE MODE"
    )  # nothing happens before the triggers
    op.create_table(
        "contact_calls",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("callable", sa.Boolean(), nullable=False),
        sa.Column("last_held_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_calls_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_calls")),
    )
    op.create_table(
        "account_calls",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("last_held_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_calls_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_calls")),
    )
    for statement in FILL:
        op.execute(statement)
    op.create_index(
        "ix_contact_calls_never",
        "contact_calls",
        ["account_id", "contact_id"],
        postgresql_where=sa.text("last_held_at IS NULL AND callable"),
    )
    op.create_index(
        "ix_account_calls_last",
        "account_calls",
        [sa.text("coalesce(last_held_at, '-infinity'::timestamptz)"), "account_id"],
    )
    op.create_index(
        "ix_leads_never_contacted",
        "leads",
        ["created_at", "id"],
        postgresql_where=sa.text("phase = 'open' AND contacted_on IS NULL"),
    )

    op.create_table(
        "call_claims",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_call_claims_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_call_claims")),
        sa.UniqueConstraint("user_id", "list", name=op.f("uq_call_claims_user_id_list")),
    )
    op.create_index(op.f("ix_call_claims_record_id"), "call_claims", ["record_id"])
    op.create_table(
        "call_deferrals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("for_user_id", sa.Uuid()),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["for_user_id"], ["users.id"], name=op.f("fk_call_deferrals_for_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_deferrals")),
        sa.UniqueConstraint(
            *("record_id", "list", "for_user_id"),
            name=op.f("uq_call_deferrals_record_id_list_for_user_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_call_deferrals_for_user_id"), "call_deferrals", ["for_user_id"])
    op.create_index(op.f("ix_call_deferrals_until"), "call_deferrals", ["until"])
    op.create_table(
        "call_list_favourites",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_call_list_favourites_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "list", name=op.f("pk_call_list_favourites")),
    )

    op.execute(LOGGED)
    op.execute(
        "CREATE TRIGGER call_logged AFTER INSERT ON activities FOR EACH ROW "
        "WHEN (NEW.type = 'call' AND NEW.status = 'held') EXECUTE FUNCTION call_logged()"
    )
    op.execute(REFRESH)
    for event, (rows, then, tables) in ON_ACTIVITIES.items():
        function = CHANGED.format(rows=rows, then=then).replace("calls_changed()", f"calls_changed_{event}()")
        op.execute(function)
        op.execute(
            f"CREATE TRIGGER calls_changed_{event} AFTER {event} ON activities REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION calls_changed_{event}()"
        )
    for event, (rows, tables) in PARTICIPANTS.items():
        op.execute(ON_PARTICIPANTS.format(event=event, rows=rows))
        op.execute(
            f"CREATE TRIGGER call_participants_{event} AFTER {event} ON activity_contacts REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION call_participants_{event}()"
        )
    op.execute(KEEP_CONTACT)
    op.execute(
        "CREATE TRIGGER keep_contact_calls_insert AFTER INSERT ON contacts "
        "FOR EACH ROW EXECUTE FUNCTION keep_contact_calls()"
    )
    op.execute(
        "CREATE TRIGGER keep_contact_calls_update AFTER UPDATE OF account_id, relationship, do_not_contact ON contacts "
        "FOR EACH ROW WHEN ((OLD.account_id, OLD.relationship, OLD.do_not_contact) IS DISTINCT FROM "
        "(NEW.account_id, NEW.relationship, NEW.do_not_contact)) EXECUTE FUNCTION keep_contact_calls()"
    )
    op.execute(KEEP_ACCOUNT)
    op.execute(
        "CREATE TRIGGER keep_account_calls AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION keep_account_calls()"
    )


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
    op.drop_index("ix_leads_never_contacted", "leads")
    for table in TABLES:
        op.drop_table(table)
