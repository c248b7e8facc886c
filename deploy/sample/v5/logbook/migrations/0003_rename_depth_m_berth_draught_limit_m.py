"""One word for it everywhere: the draught limit."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("logbook", "0002_visit_pilot_boards_at")]

    operations = [
        migrations.RenameField(model_name="berth", old_name="depth_m", new_name="draught_limit_m"),
        migrations.AlterField(
            model_name="berth",
            name="draught_limit_m",
            field=models.DecimalField(
                decimal_places=1,
                default=9.5,
                help_text="Metres at low water.",
                max_digits=3,
                verbose_name="draught limit",
            ),
        ),
    ]
