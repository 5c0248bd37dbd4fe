from django.db import migrations, models


class Migration(migrations.Migration):
    """A market is recognised by its closes, no longer by fingerprints of its weeks."""

    dependencies = [
        ("optimizer", "0004_figure_decoder"),
    ]

    operations = [
        migrations.RemoveField(model_name="searchledger", name="weeks"),
        migrations.AddField(
            model_name="searchledger",
            name="path",
            field=models.JSONField(
                default=dict,
                help_text="closes by which its market is recognised in other data",
            ),
        ),
    ]
