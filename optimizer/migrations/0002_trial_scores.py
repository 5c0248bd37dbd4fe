"""Scores of a trial become one packed row; keys that are ranges need no second index."""

import itertools
import math
import struct

import django.db.models.deletion
from django.db import migrations, models

import optimizer.models.fields

TRIAL_SPACE, ROW_SPACE = 10**8, 100
AT_ONCE = 2000  # rows


def scores_pack(apps, schema_editor):
    """Make one row of a trial's rows, which stand in the order of the study's objectives."""
    alias = schema_editor.connection.alias
    new = apps.get_model("optimizer", "TrialScores")
    found = apps.get_model("optimizer", "ObjectiveScore").objects.using(alias).order_by("id")
    rows = found.values_list("trial_id", "score").iterator(AT_ONCE)

    def made():
        for trial, scores in itertools.groupby(rows, key=lambda row: row[0]):
            values = [math.nan if score is None else score for _, score in scores]
            yield new(
                trial_id=trial,
                steering=values[0] if math.isfinite(values[0]) else None,
                packed=struct.pack(f"={len(values)}d", *values),
            )

    _insert(new.objects.using(alias), made())


def scores_unpack(apps, schema_editor):
    """Make a row of every score."""
    alias = schema_editor.connection.alias
    old = apps.get_model("optimizer", "ObjectiveScore")
    found = apps.get_model("optimizer", "TrialScores").objects.using(alias).order_by("pk")
    studies = apps.get_model("optimizer", "Study").objects.using(alias)
    names = dict(studies.values_list("id", "objectives"))

    def made():
        for trial, packed in found.values_list("pk", "packed").iterator(AT_ONCE):
            own = names[trial // TRIAL_SPACE]
            values = struct.unpack(f"={len(own)}d", packed)
            for place, (name, score) in enumerate(zip(own, values)):
                yield old(
                    id=trial * ROW_SPACE + place,
                    trial_id=trial,
                    objective=name,
                    score=None if math.isnan(score) else score,
                )

    _insert(old.objects.using(alias), made())


def _insert(objects, rows):
    while some := list(itertools.islice(rows, AT_ONCE)):
        objects.bulk_create(some)


class Migration(migrations.Migration):

    dependencies = [
        ("optimizer", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrialScores",
            fields=[
                ("trial", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="scores", serialize=False, to="optimizer.trial")),
                ("steering", models.FloatField(help_text="the first of ``packed``, for sorting; null where it is not finite", null=True)),
                ("packed", models.BinaryField(help_text="float64, in the order of the study's objectives")),
            ],
            options={
                "verbose_name_plural": "trial scores",
                "ordering": ("pk",),
            },
        ),
        migrations.RunPython(scores_pack, scores_unpack),
        migrations.DeleteModel(name="ObjectiveScore"),
        migrations.RemoveConstraint(model_name="trial", name="trial_one_per_number"),
        migrations.AlterField(
            model_name="trial",
            name="id",
            field=optimizer.models.fields.KeyField(help_text="study × 10⁸ + number", primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name="windowmetrics",
            name="id",
            field=optimizer.models.fields.KeyField(help_text="trial × 100 + place of the window", primary_key=True, serialize=False),
        ),
        migrations.AddConstraint(
            model_name="trial",
            constraint=models.CheckConstraint(condition=models.Q(("id", models.F("study") * 100000000 + models.F("number"))), name="trial_key_of_number"),
        ),
    ]
