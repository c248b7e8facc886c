"""RunEvent, partitioned by day: old days are dropped whole, and appending stays fast."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

CREATE = """
CREATE TABLE agents_runevent (
    run_id bigint NOT NULL,
    number bigint NOT NULL,
    day date NOT NULL,
    at timestamp with time zone NOT NULL,
    level varchar(8) NOT NULL,
    node varchar(60) NOT NULL,
    kind varchar(16) NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (run_id, number, day)
) PARTITION BY RANGE (day);
CREATE TABLE agents_runevent_default PARTITION OF agents_runevent DEFAULT;
CREATE FUNCTION agents_runevent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'run events are append-only';
END $$;
CREATE TRIGGER agents_runevent_append_only BEFORE UPDATE OR DELETE ON agents_runevent
    FOR EACH ROW EXECUTE FUNCTION agents_runevent_append_only();
"""
DROP = "DROP TABLE agents_runevent; DROP FUNCTION agents_runevent_append_only();"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("agents", "0002_run_relations")]
    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, DROP)],
            state_operations=[
                migrations.CreateModel(
                    name="RunEvent",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "run_id", "number", "day", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("number", models.BigIntegerField()),
                        ("day", models.DateField()),
                        ("at", models.DateTimeField()),
                        (
                            "level",
                            models.CharField(
                                choices=[("debug", "Debug"), ("info", "Info"), ("warning", "Warning"), ("error", "Error")],
                                default="info",
                                max_length=8,
                            ),
                        ),
                        ("node", models.CharField(blank=True, max_length=60)),
                        ("kind", models.CharField(default="note", max_length=16)),
                        ("text", models.TextField()),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="agents.run",
                            ),
                        ),
                    ],
                    options={"ordering": ["run_id", "number"]},
                ),
            ],
        ),
    ]
