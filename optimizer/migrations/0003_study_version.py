"""Studies name the version of the code that evaluates their trials."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("optimizer", "0002_trial_scores"),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="evaluation_version",
            field=models.CharField(
                blank=True,
                help_text="of the code that evaluates its trials, all of them",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="figures",
            field=models.JSONField(
                default=dict, help_text="speed and memory, of all runs together"
            ),
        ),
    ]
