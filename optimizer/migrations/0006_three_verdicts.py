"""Three verdicts instead of two; those of the earlier rule keep their reasons and say whose they are.

The earlier rule knew ``explained`` or not, on a Sharpe ratio that held the market's share and a
hurdle that held the edge. Where the moments of that ratio were kept, the chance of luck and the
deflated Sharpe ratio are found again with the variance of returns without skill; they cannot be
rid of the market's share, nor joined with the holdout, so that none of them survives.
"""

import math
from statistics import NormalDist

from django.db import migrations, models

EARLIER = (
    "It was examined by an earlier rule, which did not tell skill from a share of a rising market: "
    "a new search of these candles examines it by the present one."
)
EULER_GAMMA = 0.5772156649015329
AT_ONCE = 500


def hurdle(variance, n_trials):
    if n_trials <= 1:
        return 0.0
    z = NormalDist().inv_cdf
    most = -(1 - EULER_GAMMA) * z(1 / n_trials) - EULER_GAMMA * z(1 / (n_trials * math.e))
    return math.sqrt(variance) * most


def recounted(figures, n_trials):
    """Return the chance of luck and the deflated Sharpe ratio, None where nothing tells them."""
    names = ("sharpe_periods", "sharpe_per_period", "sharpe_skewness", "sharpe_kurtosis")
    n, ratio, skewness, kurtosis = (figures.get(name) for name in names)
    if None in (n, ratio, skewness, kurtosis) or n < 3:
        return None
    beaten = 0.5 * math.erfc(ratio * math.sqrt((n - 1) / 2))
    chance = -math.expm1(n_trials * math.log1p(-beaten)) if beaten < 1 else 1.0
    shape = 1 - skewness * ratio + (kurtosis - 1) / 4 * ratio * ratio
    error = math.sqrt(max(shape, 0.0) / (n - 1))
    above = ratio - hurdle(1 / (n - 1), n_trials)
    deflated = NormalDist().cdf(above / error) if error > 0 else float(above > 0)
    return {"luck_probability": chance, "deflated_sharpe": deflated}


def judged_again(row, was_explained):
    """Move one row to the three verdicts."""
    if "luck_probability" in row.figures:  # of the present rule, and went back in between
        names = {"luck_suffices": "explained"}
        row.verdict = names.get(row.codes[0], "not_proven") if row.codes else "survives"
        return
    found = recounted(row.figures, row.ledger_trials)
    row.figures = {**row.figures, **(found or {})}
    # the oldest rows have sentences without codes
    codes = row.codes if len(row.codes) == len(row.reasons) else ["earlier_rule"] * len(row.reasons)
    kept = list(zip(codes, row.reasons))
    explained = was_explained
    if found is not None:
        explained = found["luck_probability"] >= 0.05
        kept = [pair for pair in kept if pair[0] != "deflated_sharpe"]
        if found["deflated_sharpe"] < 0.95:
            said = f"The deflated Sharpe ratio is {found['deflated_sharpe']:.3f}, below 0.95."
            kept.insert(0, ("deflated_sharpe", said))
    if explained:
        said = "Luck suffices by that rule."
        if found is not None:
            said = (
                f"Luck suffices: the best of {row.ledger_trials} trials without skill looks as "
                f"good in {100 * found['luck_probability']:.0f} % of all searches."
            )
        kept.insert(0, ("luck_suffices", said))
    kept.append(("earlier_rule", EARLIER))
    row.verdict = "explained" if explained else "not_proven"
    row.codes, row.reasons = [code for code, _ in kept], [said for _, said in kept]


def three_verdicts(apps, schema_editor):
    study_model = apps.get_model("optimizer", "Study")
    luck_model = apps.get_model("optimizer", "TrialLuck")
    for study in study_model.objects.exclude(luck={}).iterator():
        rows = luck_model.objects.filter(trial__study=study)
        counts = {"explained": 0, "not_proven": 0, "survives": 0}
        changed, variance = [], None
        for row in rows.iterator(AT_ONCE):
            judged_again(row, row.explained)
            counts[row.verdict] += 1
            changed.append(row)
            n, ratio = row.figures.get("sharpe_periods"), row.figures.get("sharpe_per_period")
            if n and n > 1 and ratio and row.figures.get("daily_sharpe"):
                variance = (row.figures["daily_sharpe"] / ratio) ** 2 / (n - 1)
        luck_model.objects.bulk_update(
            changed, ("verdict", "codes", "reasons", "figures"), batch_size=AT_ONCE
        )
        study.luck = {**study.luck, **(counts if study.luck.get("examined") else {})}
        if variance is not None and study.luck.get("n_searched"):
            study.luck["sharpe_variance"] = variance
            study.luck["sharpe_hurdle"] = hurdle(variance, study.luck["n_searched"])
        study.save(update_fields=["luck"])


def two_verdicts(apps, schema_editor):
    rows = apps.get_model("optimizer", "TrialLuck").objects
    rows.filter(verdict="explained").update(explained=True)


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0005_ledger_path")]

    operations = [
        migrations.AddField(
            "trialluck",
            "verdict",
            models.CharField(
                max_length=10,
                default="not_proven",
                choices=[
                    ("explained", "explained by luck"),
                    ("not_proven", "not proven"),
                    ("survives", "survives"),
                ],
            ),
            preserve_default=False,
        ),
        migrations.RunPython(three_verdicts, two_verdicts, elidable=True),
        # for the way back, on which rows need a value
        migrations.AlterField("trialluck", "explained", models.BooleanField(default=False)),
        migrations.RemoveField("trialluck", "explained"),
        migrations.AlterField(
            "trialluck",
            "reasons",
            models.JSONField(help_text="why, in sentences; empty for what survives"),
        ),
    ]
