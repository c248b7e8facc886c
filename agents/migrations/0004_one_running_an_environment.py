"""One run at a time drives an environment; the others wait their turn."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("agents", "0003_run_events")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="run",
            name="woken_at",
            field=models.DateTimeField(help_text="When a worker was last asked to drive it.", null=True),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "running")), fields=("environment",), name="run_one_running_an_environment"
            ),
        ),
    ]
