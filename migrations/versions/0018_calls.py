"""Call scripts with their versions, the five that come with the product, and what calls keep of them and of consents."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
FITS = ("potential", "former_customer", "former_small_customer", "key_account", "vip")


def question(key: str, german: str, english: str, kind: str = "text", **options: tuple[str, str]) -> dict[str, Any]:
    labels = [{"key": name, "label_de": de, "label_en": en} for name, (de, en) in options.items()]
    return {"key": key, "label_de": german, "label_en": english, "kind": kind, "options": labels}


SUPPLIER = question(
    "current_supplier",
    "Wer beliefert und betreut Sie derzeit bei Hydraulikschläuchen?",
    "Who supplies and looks after your hydraulic hoses at present?",
)
EMAIL = question(
    "personal_email",
    "Unter welcher persönlichen E-Mail-Adresse erreichen wir Sie?",
    "What is your personal e-mail address?",
)
DECIDES = question(
    "decision_maker",
    "Wer entscheidet bei Ihnen über Hydraulik und Wartung?",
    "Who decides on hydraulics and maintenance?",
)
NEED = question(
    "hydraulics_need",
    "Wie oft brauchen Sie Hydraulikschläuche oder deren Reparatur?",
    "How often do you need hydraulic hoses or their repair?",
    "choice",
    weekly=("Wöchentlich", "Weekly"),
    monthly=("Monatlich", "Monthly"),
    yearly=("Ein paar Mal im Jahr", "A few times a year"),
    rarely=("Selten oder nie", "Rarely or never"),
)
MACHINES = question(
    "machine_count",
    "Wie viele Maschinen mit Hydraulik haben Sie im Einsatz?",
    "How many machines with hydraulics do you run?",
    "number",
)
CAMPAIGNS = question(
    "wished_campaigns",
    "Zu welchen Themen wünschen Sie Informationen?",
    "Which topics would you like information on?",
)
WHY_GONE = question(
    "reason_for_leaving",
    "Warum haben Sie länger nicht mehr bestellt?",
    "Why have you not ordered for some time?",
    "choice",
    no_need=("Kein Bedarf", "No need"),
    price=("Preis", "Price"),
    competitor=("Anderer Lieferant", "Another supplier"),
    service=("Unzufrieden mit dem Service", "Unhappy with the service"),
    other=("Anderer Grund", "Another reason"),
)
SATISFIED = question(
    "satisfied", "Sind Sie mit unserem Service zufrieden?", "Are you satisfied with our service?", "yes_no"
)
SITES = question(
    "further_sites",
    "Welche weiteren Standorte oder Baustellen sollen wir betreuen?",
    "Which further sites should we look after?",
)
VISIT = question(
    "visit_wanted",
    "Darf ein Servicetechniker unverbindlich bei Ihnen vorbeikommen?",
    "May a service technician come by, without obligation?",
    "yes_no",
)
CLOSING = (
    "**Zum Schluss**\n"
    "- Adresse, Telefon, Branche und Ansprechpartner auf Richtigkeit prüfen\n"
    "- Einwilligung: „Dürfen wir Ihnen noch weitere Informationen per E-Mail zukommen lassen?“\n"
    "- Nächsten Anruf vereinbaren; empfohlen sind 60 Tage"
)
SCRIPTS: tuple[tuple[str, str, str, str, str, list[dict[str, Any]]], ...] = (
    (
        "potential_customer_on_site",
        "potential",
        "Potenzieller Kunde vor Ort",
        "Potential customer on site",
        (
            "**Einstieg:** „Guten Tag, wir sind der mobile Hydraulik-Service in Ihrer Nähe. Wer ist bei Ihnen für Hydraulik und "
            "Wartung zuständig?“\n\n"
            "**Vorstellen:** Wir kommen mit der Werkstatt zu Ihnen, rund um die Uhr, damit Ihre Maschinen bald wieder laufen.\n\n"
            "**Ziel:** Ist ein Besuch oder ein weiterer Anruf durch den Servicetechniker sinnvoll? Wenn ja: Termin vereinbaren."
        ),
        [DECIDES, NEED, MACHINES, SUPPLIER, VISIT, EMAIL, CAMPAIGNS],
    ),
    (
        "former_customer_large",
        "former_customer",
        "Ehemaliger Kunde über 1.000 €",
        "Former customer over €1,000",
        (
            "**Einstieg:** „Guten Tag, wir haben früher regelmäßig für Sie gearbeitet und möchten wissen, wie es Ihnen geht.“\n\n"
            "**Zuhören:** Was hat sich geändert? War etwas nicht in Ordnung? Beanstandungen festhalten und an das Centre geben.\n\n"
            "**Ziel:** Den Kunden zurückgewinnen; einen Besuch des Außendienstes anbieten."
        ),
        [WHY_GONE, SUPPLIER, NEED, SATISFIED, DECIDES, EMAIL, CAMPAIGNS],
    ),
    (
        "former_customer_small",
        "former_small_customer",
        "Ehemaliger Kunde unter 1.000 €",
        "Former customer under €1,000",
        (
            "**Einstieg:** „Guten Tag, wir haben Ihnen schon einmal geholfen und möchten uns in Erinnerung bringen.“\n\n"
            "**Nachfragen:** Gibt es inzwischen mehr Bedarf? Kennt der Kunde den Notdienst und den Service vor Ort?\n\n"
            "**Ziel:** Bedarf einschätzen, Ansprechpartner und Adresse aktualisieren."
        ),
        [NEED, SUPPLIER, WHY_GONE, DECIDES, EMAIL, CAMPAIGNS],
    ),
    (
        "key_account_shared",
        "key_account",
        "Gemeinsame Vertriebsressourcen – Top-200-Großkunden",
        "Shared sales resources – top 200 key accounts",
        (
            "**Vorbereiten:** Rahmenvertrag, Umsätze und letzte Aufträge ansehen; mit der Großkundenbetreuung abstimmen.\n\n"
            "**Einstieg:** „Guten Tag, wir betreuen Ihr Unternehmen bundesweit und sind Ihr Centre vor Ort.“\n\n"
            "**Ziel:** Ansprechpartner am Standort kennenlernen, weitere Standorte und Baustellen erfahren."
        ),
        [DECIDES, SITES, MACHINES, SUPPLIER, SATISFIED, EMAIL, CAMPAIGNS],
    ),
    (
        "vip_customer",
        "vip",
        "VIP-Kunde des Centres",
        "VIP customer of the centre",
        (
            "**Einstieg:** „Guten Tag, Sie gehören zu unseren wichtigsten Kunden. Wie zufrieden sind Sie mit uns?“\n\n"
            "**Pflegen:** Für die Aufträge danken, Wünsche und Beanstandungen aufnehmen, auf anstehende Wartungen hinweisen.\n\n"
            "**Ziel:** Die Beziehung stärken, weiteren Bedarf und Zusatzverkäufe erkennen."
        ),
        [SATISFIED, SITES, NEED, DECIDES, EMAIL, CAMPAIGNS],
    ),
)


def upgrade() -> None:
    op.create_table(
        "call_scripts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label_de", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("fits", sa.Text()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.CheckConstraint(f"fits IN {FITS}", name=op.f("ck_call_scripts_fits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_scripts")),
        sa.UniqueConstraint("key", name=op.f("uq_call_scripts_key")),
    )
    watch("call_scripts")
    op.create_table(
        "call_script_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("script_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("questions", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.ForeignKeyConstraint(
            ["script_id"], ["call_scripts.id"], name=op.f("fk_call_script_versions_script_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_script_versions")),
        sa.UniqueConstraint("script_id", "number", name=op.f("uq_call_script_versions_script_id_number")),
    )
    watch("call_script_versions", id_column="script_id", versioned=False)
    _fill()
    op.add_column("activities", sa.Column("consent_was", postgresql.JSONB()))
    op.create_foreign_key(
        op.f("fk_activities_script_version_id"), "activities", "call_script_versions", ["script_version_id"], ["id"]
    )
    op.create_index(
        "ix_activities_script_version_id",
        "activities",
        ["script_version_id"],
        postgresql_where=sa.text("script_version_id IS NOT NULL"),
    )
    for column in ("account_id", "contact_id"):
        op.create_index(
            f"ix_activities_{column}_answered",
            "activities",
            [column, "at"],
            postgresql_where=sa.text("answers IS NOT NULL"),
        )
    op.create_index(
        "uq_activities_follow_up_call",
        "activities",
        ["follows_id"],
        unique=True,
        postgresql_where=sa.text("type = 'call' AND status <> 'cancelled'"),
    )


def _fill() -> None:
    scripts = sa.table(
        "call_scripts", *(sa.column(n) for n in ("id", "key", "label_de", "label_en", "fits", "position"))
    )
    versions = sa.table(
        "call_script_versions",
        *(sa.column(n) for n in ("id", "script_id", "number", "text")),
        sa.column("questions", postgresql.JSONB()),
    )
    for place, (key, fits, german, english, text, questions) in enumerate(SCRIPTS):
        id_ = f"01900000-0000-7000-8000-0000000018{place:02d}"
        op.execute(
            scripts.insert().values(id=id_, key=key, label_de=german, label_en=english, fits=fits, position=place)
        )
        op.execute(
            versions.insert().values(
                id=f"01900000-0000-7000-8000-0000000118{place:02d}",
                script_id=id_,
                number=1,
                text=f"{text}\n\n{CLOSING}",
                questions=questions,
            )
        )


def downgrade() -> None:
    op.drop_index("uq_activities_follow_up_call", "activities")
    for column in ("account_id", "contact_id"):
        op.drop_index(f"ix_activities_{column}_answered", "activities")
    op.drop_index("ix_activities_script_version_id", "activities")
    op.drop_constraint(op.f("fk_activities_script_version_id"), "activities", type_="foreignkey")
    op.drop_column("activities", "consent_was")
    op.drop_table("call_script_versions")
    op.drop_table("call_scripts")
