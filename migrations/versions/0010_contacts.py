"""Several addresses of each kind, several accounts, contact types, departures."""

from typing import Any

import phonenumbers
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LISTS = ("emails", "phones", "addresses", "web_addresses")
BOTH = ("accounts", "contacts")
STEP = 5_000
HOME = "AT"

# What finds a record by how it is reached: its e-mail addresses and their domains in lower case, its numbers in E.164, and
# whether any address has a consent that was granted or refused.
REACH_KEYS = """
CREATE FUNCTION reach_keys(emails jsonb, phones jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array(
        SELECT lower(e ->> 'address') FROM jsonb_array_elements(emails) AS e
        UNION ALL
        SELECT '@' || split_part(lower(e ->> 'address'), '@', 2) FROM jsonb_array_elements(emails) AS e
        UNION ALL
        SELECT 'consent:' || (e ->> 'consent') FROM jsonb_array_elements(emails) AS e WHERE e ->> 'consent' <> 'unknown'
        UNION ALL
        SELECT p ->> 'e164' FROM jsonb_array_elements(phones) AS p WHERE p ->> 'e164' IS NOT NULL
    )
$$
"""

FILL = {
    "emails": "email IS NOT NULL THEN jsonb_build_array(jsonb_build_object('address', email, 'kind', 'work', 'primary', true, "
    "'consent', 'unknown', 'consent_at', null, 'consent_by', null, 'consent_source', null))",
    "addresses": "coalesce(street, postal_code, city, state, country) IS NOT NULL THEN jsonb_build_array(jsonb_build_object("
    "'street', street, 'postal_code', postal_code, 'city', city, 'state', state, 'country', country, 'kind', 'work', "
    "'primary', true))",
}
WEBSITE = (
    "website IS NOT NULL THEN jsonb_build_array(jsonb_build_object('url', website, 'kind', 'website', 'primary', true))"
)


def record() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
    ]


def e164(number: str, country: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, country or HOME)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if possible else None


def fill_phones(table: str) -> None:
    """E.164 is not for SQL: the numbers are read and written in steps."""
    after = "00000000-0000-0000-0000-000000000000"
    connection = op.get_bind()
    while True:
        found = connection.execute(
            sa.text(
                f"SELECT id::text, phone, country FROM {table} WHERE phone IS NOT NULL AND id > CAST(:after AS uuid) "
                "ORDER BY id LIMIT :step"
            ),
            {"after": after, "step": STEP},
        ).all()
        if not found:
            return
        after = found[-1][0]
        connection.execute(
            sa.text(
                f"UPDATE {table} AS t SET phones = jsonb_build_array(jsonb_build_object('number', t.phone, 'e164', n.e164, "
                "'kind', 'work', 'primary', true)) FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS text[])) AS n(id, e164) "
                "WHERE t.id = n.id"
            ).bindparams(
                sa.bindparam("ids", type_=postgresql.ARRAY(sa.Text())),
                sa.bindparam("numbers", type_=postgresql.ARRAY(sa.Text())),
            ),
            {"ids": [row[0] for row in found], "numbers": [e164(row[1], row[2]) for row in found]},
        )


def upgrade() -> None:
    op.create_table(
        "contact_types",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label_de", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        *record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_types")),
        sa.UniqueConstraint("key", name=op.f("uq_contact_types_key")),
    )
    watch("contact_types")
    op.execute(REACH_KEYS)
    empty = sa.text("'[]'")
    for table in BOTH:
        for name in LISTS:
            op.add_column(table, sa.Column(name, postgresql.JSONB(), server_default=empty, nullable=False))
        op.add_column(table, sa.Column("contact_type", sa.Text()))
        op.create_foreign_key(op.f(f"fk_{table}_contact_type"), table, "contact_types", ["contact_type"], ["key"])
        op.create_index(
            f"ix_{table}_contact_type", table, ["contact_type"], postgresql_where=sa.text("contact_type IS NOT NULL")
        )
        # Filling the lists is no change of the record: neither its version nor its history says so.
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        filled = FILL | ({"web_addresses": WEBSITE} if table == "accounts" else {})
        sets = ", ".join(f"{name} = CASE WHEN {what} ELSE '[]' END" for name, what in filled.items())
        op.execute(f"UPDATE {table} SET {sets}")
        fill_phones(table)
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        keys = sa.Computed("reach_keys(emails, phones)", persisted=True)
        op.add_column(table, sa.Column("reach_keys", postgresql.ARRAY(sa.Text()), keys))
        op.create_index(f"ix_{table}_reach_keys", table, ["reach_keys"], postgresql_using="gin")

    for column in (
        sa.Column("relationship", sa.Text(), server_default="active", nullable=False),
        sa.Column("do_not_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("left_on", sa.Date()),
        sa.Column("previous_contact_id", sa.Uuid()),
    ):
        op.add_column("contacts", column)
    op.create_check_constraint(
        op.f("ck_contacts_relationship"), "contacts", "relationship IN ('active', 'left', 'retired', 'other')"
    )
    op.create_foreign_key(
        op.f("fk_contacts_previous_contact_id"),
        "contacts",
        "contacts",
        ["previous_contact_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(
        "ix_contacts_previous_contact_id",
        "contacts",
        ["previous_contact_id"],
        postgresql_where=sa.text("previous_contact_id IS NOT NULL"),
    )

    op.add_column("accounts", sa.Column("main_contact_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_accounts_main_contact_id"), "accounts", "contacts", ["main_contact_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_accounts_main_contact_id",
        "accounts",
        ["main_contact_id"],
        postgresql_where=sa.text("main_contact_id IS NOT NULL"),
    )

    op.create_table(
        "account_contacts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("job_title", sa.Text()),
        *record(),
        sa.CheckConstraint(
            "relation IN ('employee', 'owner', 'board', 'adviser', 'agent', 'other')",
            name=op.f("ck_account_contacts_relation"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_contacts_account_id")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_account_contacts_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_contacts")),
        sa.UniqueConstraint("account_id", "contact_id", name=op.f("uq_account_contacts_account_id_contact_id")),
    )
    op.create_index("ix_account_contacts_contact_id", "account_contacts", ["contact_id"])
    op.create_index("ix_account_contacts_created_at_id", "account_contacts", ["created_at", "id"])
    watch("account_contacts", id_column="contact_id")

    op.create_table(
        "departures",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("was", postgresql.JSONB(), nullable=False),
        sa.Column("lead_id", sa.Uuid()),
        *record(),
        sa.CheckConstraint("relationship IN ('left', 'retired', 'other')", name=op.f("ck_departures_relationship")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_departures_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_departures_lead_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
    )
    op.create_index("ix_departures_contact_id", "departures", ["contact_id"])
    op.create_index("ix_departures_lead_id", "departures", ["lead_id"], postgresql_where=sa.text("lead_id IS NOT NULL"))
    watch("departures", id_column="contact_id")


def downgrade() -> None:
    op.drop_table("departures")
    op.drop_table("account_contacts")
    op.drop_column("accounts", "main_contact_id")
    for column in ("relationship", "do_not_contact", "left_on", "previous_contact_id"):
        op.drop_column("contacts", column)
    for table in BOTH:
        for column in ("reach_keys", "contact_type", *LISTS):
            op.drop_column(table, column)
    op.execute("DROP FUNCTION reach_keys(jsonb, jsonb)")
    op.drop_table("contact_types")
