"""What the list of poor data needs: an index for each finding that a record shows by itself, and room for those that it doesn't."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# As app/core/mailboxes.py had it; a longer list there needs a migration that makes the function and its index anew.
WORDS = """
    abuse accounting admin administrator anfrage anfragen angebot angebote auftraege auftrag backoffice bestellung
    bestellungen bewerbung bewerbungen billing buchhaltung buero büro career careers company contact datenschutz
    direktion disposition donotreply edv einkauf email empfang enquiries finance firma geschaeftsfuehrung
    geschaeftsleitung gf hallo hello help hilfe hostmaster hr info information invoice invoices it jobs karriere
    kontakt kundendienst kundenservice lager logistik mail mailbox marketing newsletter no-reply noreply office order
    orders personal post postmaster pr press presse privacy produktion purchasing reception rechnung rechnungen
    reklamation rezeption sales sekretariat service shop support team technik verkauf vertrieb verwaltung webmaster
    webshop welcome werkstatt zentrale
"""

FUNCTION = f"""
CREATE FUNCTION has_generic_mailbox(email text, keys text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM unnest(array_append(keys, lower(email))) AS k
        WHERE split_part(split_part(k, '@', 1), '+', 1) = ANY ('{{{",".join(WORDS.split())}}}') AND k LIKE '%@%'
    )
$$
"""
FOUND = {
    # index: (table, condition)
    "ix_accounts_without_centre": ("accounts", "centre_id IS NULL"),
    "ix_accounts_without_segment": ("accounts", "segment IS NULL"),
    "ix_accounts_unreachable": ("accounts", "phone IS NULL AND email IS NULL"),
    "ix_contacts_without_account": ("contacts", "account_id IS NULL"),
    "ix_contacts_unreachable": ("contacts", "phone IS NULL AND email IS NULL"),
    "ix_contacts_generic_mailbox": ("contacts", "has_generic_mailbox(email, reach_keys)"),
}


def upgrade() -> None:
    op.execute(FUNCTION)
    for name, (table, condition) in FOUND.items():
        op.create_index(name, table, ["id"], postgresql_where=sa.text(condition))
    op.create_index(
        "ix_contacts_active_account_id",
        "contacts",
        ["account_id"],
        postgresql_where=sa.text("relationship = 'active' AND account_id IS NOT NULL"),
    )
    op.create_table(
        "data_quality_candidates",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("type", "record_id", name=op.f("pk_data_quality_candidates")),
    )
    op.create_table(
        "data_quality_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("centre_id", sa.Uuid()),
        sa.Column("team_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("manager_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("open_to_all", sa.Boolean(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_quality_counts")),
    )
    op.create_table(
        "data_quality_refreshes",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_data_quality_refreshes_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_quality_refreshes")),
    )


def downgrade() -> None:
    op.drop_table("data_quality_refreshes")
    op.drop_table("data_quality_counts")
    op.drop_table("data_quality_candidates")
    op.drop_index("ix_contacts_active_account_id", "contacts")
    for name, (table, _) in FOUND.items():
        op.drop_index(name, table)
    op.execute("DROP FUNCTION has_generic_mailbox(text, text[])")
