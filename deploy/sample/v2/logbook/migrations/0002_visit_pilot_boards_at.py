"""When the pilot boards: a new column that may be empty, so that version 1 keeps working beside it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("logbook", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="visit",
            name="pilot_boards_at",
            field=models.DateTimeField(
                blank=True, help_text="Empty: no pilot.", null=True, verbose_name="pilot boards"
            ),
        ),
    ]
