from django.db import migrations, models


def say_of_what(apps, _schema_editor):
    """Give checkpoints and equity their currency; sums over several currencies mean nothing."""
    Bot = apps.get_model("trading", "Bot")
    quotes = {}
    for session, quote in Bot.objects.values_list("session_id", "quote"):
        quotes.setdefault(session, set()).add(quote)
    EquityPoint = apps.get_model("trading", "EquityPoint")
    for session, used in quotes.items():
        points = EquityPoint.objects.filter(session_id=session)
        if len(used) == 1:
            points.update(quote=used.pop())
        else:
            points.delete()
    Checkpoint = apps.get_model("trading", "SavingsCheckpoint")
    Checkpoint.objects.update(
        quote=models.Subquery(Bot.objects.filter(pk=models.OuterRef("bot_id")).values("quote"))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0004_rearm"),
    ]

    operations = [
        migrations.AddField(
            model_name="equitypoint",
            name="quote",
            field=models.CharField(default="", max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="savingscheckpoint",
            name="quote",
            field=models.CharField(
                default="", help_text="what the amounts are counted and kept in", max_length=20
            ),
            preserve_default=False,
        ),
        migrations.AlterModelOptions(
            name="equitypoint",
            options={"ordering": ("session", "bar_time", "quote")},
        ),
        migrations.RemoveConstraint(
            model_name="equitypoint",
            name="equity_one_per_bar_time",
        ),
        migrations.AddConstraint(
            model_name="equitypoint",
            constraint=models.UniqueConstraint(
                fields=("session", "quote", "bar_time"), name="equity_one_per_bar_time"
            ),
        ),
        migrations.RunPython(say_of_what, migrations.RunPython.noop),
    ]
