"""A source may be asked for; a model tells how building it goes, and since when it is retired."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("knowledge", "0002_what_comes_with_it")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="source",
            name="asked_at",
            field=models.DateTimeField(editable=False, help_text="When a refresh was asked for that has not begun.", null=True),
        ),
        migrations.AddField(
            model_name="embeddingmodel",
            name="problem",
            field=models.TextField(
                blank=True, default="", editable=False, help_text="Why building it does not go on, until it does."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="embeddingmodel",
            name="claimed_until",
            field=models.DateTimeField(editable=False, help_text="Until when building it is somebody's; renewed.", null=True),
        ),
        migrations.AddField(
            model_name="embeddingmodel",
            name="retired_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
