"""Show benchmarks to a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_WORDS: Final = {True: "met", False: "missed", None: "not measured"}


def core_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the decision core's rate beside its limit and its peers."""
    yield (
        f"decision core, {answer['pair_bars']:,} pair-bars, {answer['bots']} bots, "
        f"{answer['source']}: best of {answer['runs']} runs"
    )
    yield f"  {'pair-bars per CPU second':32} {answer['pair_bars_per_cpu_second']:>10,.0f}"
    yield f"  {'pair-bars per wall second':32} {answer['pair_bars_per_second']:>10,.0f}"
    limit, times = answer["limit_per_second"], answer["times_limit"]
    yield f"  {'limit':32} {limit:>10,.0f}, ours is {times} times that"
    for peer, row in answer["peers"].items():
        yield from _engine_lines(peer, row)
    yield from _target_lines(answer)


def _engine_lines(peer: str, row: Mapping[str, Any]) -> Iterator[str]:
    if "reason" in row:
        yield f"  {peer:32} not measured: {row['reason']}"
        return
    rounds = ", ".join(map(str, row["times_faster_rounds"]))
    yield (
        f"  {peer:32} {row['bars_per_cpu_second']:>10,.0f}, ours is {row['times_faster']} times "
        f"that (rounds {rounds})"
    )
    yield f"    {row['bots']} bots, {row['fills']:,} fills; {row['note']}"


def evaluator_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield one table per data set and one per rule."""
    for label in ("file", "synthetic"):
        part = answer[label]
        if part is None:
            yield "no real candles: import pulsex PDAI/DAI or give --candles-file"
            continue
        yield f"{label}, {part['bars']:,} bars: evaluations per CPU second"
        for name, rate in part["evaluations_per_second"].items():
            yield f"  {name:32} {rate:>10,.0f}"
        yield f"  {'median':32} {part['median']:>10,.0f}"
    for rule, row in answer["rules"].items():
        yield (
            f"{rule}: ours {row['ours']:,.0f}/s, by hand {row['hand_written']:,.0f}/s "
            f"({row['behind_hand_written']} times; rounds "
            f"{', '.join(map(str, row['behind_hand_written_rounds']))})"
        )
        for peer, figures in row.get("peers", {}).items():
            shown = figures.get("reason") or (
                f"{figures['evaluations_per_second']:,.2f}/s, "
                f"{figures['times_faster']:,.0f} times slower (rounds "
                f"{', '.join(format(value, ',.0f') for value in figures['times_faster_rounds'])})"
            )
            yield f"  {peer:20} {shown}"
    yield from _target_lines(answer)


def sweep_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the figures of both samplers and which limits are kept."""
    for sampler in ("cmaes", "tpe"):
        row = answer[sampler]
        yield (
            f"{sampler}: {row['trials']:,} trials, {row['trials_per_second']:,.0f} a second end to "
            f"end, {row['times_the_limit']} times the limit of 300"
        )
        yield (
            f"  search alone {row['search_per_second']:,.0f} a second with {answer['workers']} "
            f"workers{_efficiency_words(row)}"
        )
        yield (
            f"  one worker whose orchestrator has a core to itself: "
            f"{row['search_per_second_free_core']:,.0f} a second, efficiency against that "
            f"{row['parallel_efficiency_free_core']}"
        )
        yield (
            f"  cores busy {row['cpu_utilisation']:.0%}, suggest, store and report "
            f"{row['overhead_share']:.0%} of wall time (rounds: "
            f"{', '.join(format(value, '.0%') for value in row['overhead_share_rounds'])}), "
            f"memory of a worker "
            f"{row['worker_mb']:,.0f} MiB, {row['memory_growth']} times that after a tenth"
        )
    yield from _target_lines(answer)


def _efficiency_words(row: Mapping[str, Any]) -> str:
    alone = row["search_per_second_one_worker"]
    if alone is None:
        return "; one core, or one for each worker, cannot be granted: efficiency not measured"
    return (
        f" on as many cores, {alone:,.0f} with one on one: efficiency {row['parallel_efficiency']} "
        f"(rounds: {', '.join(map(str, row['parallel_efficiency_rounds']))}; end to end "
        f"{row['parallel_efficiency_end_to_end']})"
    )


def _target_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    for name, is_met in answer["targets"].items():
        yield f"{name}: {_WORDS[is_met]}"
