import django.db.models.deletion
from django.db import migrations, models

import controlplane.core.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("workloads", "0016_diagnoses"),
    ]

    operations = [
        migrations.AlterField(
            model_name="action",
            name="kind",
            field=models.CharField(
                choices=[
                    ("roll_out", "roll out"),
                    ("roll_back", "roll back"),
                    ("promote", "keep live"),
                    ("restore", "restore what drifted"),
                    ("repair", "Repair"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="Former",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="former",
                        serialize=False,
                        to="workloads.action",
                    ),
                ),
                ("manifest", controlplane.core.secrets.SealedJSONField(null=True)),
                ("written", models.JSONField(default=list)),
                ("kept_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
