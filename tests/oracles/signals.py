"""A second, slow writing of the strategies: whole-window loops straight from the specification.

It shares no code with the evaluator and no shortcuts: every feature is recomputed from its window.
"""

from __future__ import annotations

import math

import numpy as np

NAN = math.nan


def reaches(x, level):
    """At or above, where a tie of price and average may be off by the last digits."""
    return x >= level * (1 - 1e-12)


def sinks_to(x, level):
    return x <= level * (1 + 1e-12)


def bars_of(days, step_minutes=5):
    return max(1, round(days * 1440 / step_minutes))


def ema(x, n):
    out, a = [], 2 / (n + 1)
    for v in x:
        out.append(v if not out else out[-1] + a * (v - out[-1]))
    return out


def prev(x, n, pick):
    return [pick(x[t - n : t]) if t >= n else NAN for t in range(len(x))]


def rolling(x, n, pick):
    return [pick(x[t + 1 - n : t + 1]) if t + 1 >= n else NAN for t in range(len(x))]


def mean(v):
    return math.fsum(v) / len(v)


def ranges(o, h, low, c):
    return [h[0] - low[0]] + [
        max(h[t] - low[t], abs(h[t] - c[t - 1]), abs(low[t] - c[t - 1])) for t in range(1, len(c))
    ]


def changes(x):
    return [NAN] + [x[t] - x[t - 1] for t in range(1, len(x))]


def rsi_simple(x, n):
    out = [NAN] * len(x)
    d = changes(x)
    for t in range(n, len(x)):
        window = d[t + 1 - n : t + 1]
        gain = mean([max(v, 0.0) for v in window])
        loss = mean([max(-v, 0.0) for v in window])
        out[t] = 100 - 100 / (1 + gain / (loss + 3e-10 * x[t]))
    return out


def rsi_recursive(x, n):
    out, gain, loss = [50.0], None, None
    for t in range(1, len(x)):
        d = x[t] - x[t - 1]
        up, down = max(d, 0.0), max(-d, 0.0)
        gain = up if gain is None else gain + (up - gain) / n
        loss = down if loss is None else loss + (down - loss) / n
        out.append(50.0 if loss == 0 else 100 - 100 / (1 + gain / loss))
    return out


def wilder_atr(o, h, low, c, n):
    tr = ranges(o, h, low, c)
    out, value = [NAN] * len(c), NAN
    for t in range(n, len(c)):
        value = mean(tr[1 : n + 1]) if t == n else (value * (n - 1) + tr[t]) / n
        out[t] = value
    return out


def adx(h, low, c, n):
    """Wilder's index as TA-Lib: sums of n - 1 changes first, then decayed sums; mean of n DX."""
    out = [NAN] * len(c)
    sums, dxs, value = [0.0, 0.0, 0.0], [], NAN
    for t in range(1, len(c)):
        up, down = h[t] - h[t - 1], low[t - 1] - low[t]
        tr = max(h[t] - low[t], abs(h[t] - c[t - 1]), abs(low[t] - c[t - 1]))
        step = (tr, up if up > down and up > 0 else 0.0, down if down > up and down > 0 else 0.0)
        sums = [s - (s / n if t >= n else 0.0) + v for s, v in zip(sums, step, strict=True)]
        if t < n:
            continue
        total = sums[1] + sums[2]
        dx = 100 * abs(sums[1] - sums[2]) / total if sums[0] > 0 and total > 0 else NAN
        if t < 2 * n:
            dxs.append(0.0 if math.isnan(dx) else dx)
            if t == 2 * n - 1:
                value = math.fsum(dxs) / n
        elif not math.isnan(dx):
            value = (value * (n - 1) + dx) / n
        out[t] = value if t >= 2 * n - 1 else NAN
    return out


def passive_hold(p, o, h, low, c, v):
    return {0}, set()


def trailing_hold(p, o, h, low, c, v):
    peak = c[0]
    for t in range(1, len(c)):
        peak = max(peak, c[t])
        if c[t] <= peak * (1 - p["trail_drawdown_pct"]):
            return {0}, {t}
    return {0}, set()


def donchian_champion(p, o, h, low, c, v):
    hi = prev(c, bars_of(p["entry_days"]), max)
    lo = prev(c, bars_of(p["exit_days"]), min)
    av = ema(c, bars_of(p["ema_exit_days"]))
    buys, sells, held, peak = set(), set(), False, 0.0
    for t, x in enumerate(c):
        if math.isnan(hi[t]):
            continue
        if not held:
            if x >= hi[t]:
                buys.add(t)
                held, peak = True, x
        else:
            peak = max(peak, x)
            trail = p["trailing_drawdown_pct"]
            if (x <= lo[t] and x < av[t]) or (trail > 0 and x <= peak * (1 - trail)):
                sells.add(t)
                held = False
    return buys, sells


def donchian_champion_dynamic(p, o, h, low, c, v):
    hi = prev(c, bars_of(p["entry_days"]), max)
    lo = prev(c, bars_of(p["exit_days"]), min)
    av = ema(c, bars_of(p["ema_exit_days"]))
    atr = rolling(ranges(o, h, low, c), bars_of(p["atr_days"]), mean)
    buys, sells, held, peak, entry = set(), set(), False, 0.0, 0.0
    for t, x in enumerate(c):
        if math.isnan(hi[t]):
            continue
        if not held:
            if x >= hi[t] * (1 + p["entry_buffer_frac"]):
                buys.add(t)
                held, peak, entry = True, x, x
        else:
            peak = max(peak, x)
            a = 0.0 if math.isnan(atr[t]) else atr[t] / x
            want = p["dd_base"] + p["dd_k"] * a + p["gain_weight"] * max(0, peak / entry - 1)
            distance = min(max(want, p["dd_min"]), p["dd_max"])
            if (x <= lo[t] and x < av[t]) or x <= peak * (1 - distance):
                sells.add(t)
                held = False
    return buys, sells


def tight_trend_follow(p, o, h, low, c, v):
    f, m, s = (ema(c, bars_of(p[f"ema_{k}_days"])) for k in ("fast", "mid", "slow"))
    hi = prev(c, bars_of(p["entry_days"]), max)
    lo = prev(c, bars_of(p["exit_days"]), min)
    buys, sells, held, peak = set(), set(), False, 0.0
    for t, x in enumerate(c):
        up = t > 0 and x > f[t] > m[t] > s[t] and f[t] > f[t - 1]
        if not held:
            if up and x >= hi[t]:
                buys.add(t)
                held, peak = True, x
        else:
            peak = max(peak, x)
            trail = p["trailing_drawdown_pct"]
            if x <= lo[t] or not up or (trail > 0 and x <= peak * (1 - trail)):
                sells.add(t)
                held = False
    return buys, sells


def multi_week_breakout(p, o, h, low, c, v, has_regime=True):
    hi = prev(c, p["lookback_breakout"], max)
    confirm = prev(c, p["confirmation_window"], max)
    lo = prev(c, p["exit_lookback"], min)
    volume = rolling(v, p["volume_window"], mean)
    ok = [True] * len(c)
    if has_regime:
        f, s = ema(c, p["regime_fast_ema"]), ema(c, p["regime_slow_ema"])
        least = rolling(c, p["recovery_window"], min)
        most = rolling(c, p["short_drawdown_window"], max)
        ok = [
            t > 0
            and f[t] > s[t]
            and f[t] - f[t - 1] >= p["regime_slope_min"]
            and x / least[t] >= p["recovery_drawup_threshold"]
            and x / most[t] - 1 >= p["short_drawdown_limit"]
            for t, x in enumerate(c)
        ]
    buys, sells, held, peak, entry = set(), set(), False, 0.0, 0
    for t, x in enumerate(c):
        if math.isnan(hi[t]) or math.isnan(confirm[t]):
            continue
        loud = True
        if not math.isnan(volume[t]) and volume[t] > 0:
            loud = v[t] >= volume[t] * p["volume_multiplier"]
        if not held:
            if x > hi[t] and x > confirm[t] and loud and ok[t]:
                buys.add(t)
                held, peak, entry = True, x, t
        else:
            peak = max(peak, x)
            low_hit = t - entry >= p["min_hold_bars"] and x < lo[t]
            if low_hit or x <= peak * (1 - p["trail_drawdown_pct"]):
                sells.add(t)
                held = False
    return buys, sells


def multi_week_breakout_ultra(p, o, h, low, c, v):
    return multi_week_breakout(p, o, h, low, c, v, has_regime=False)


def csma_revert(p, o, h, low, c, v, gate=None, atr=None, time_stop=0):
    sma = rolling(c, p["n_sma"], mean)
    rsi = rsi_simple(c, p["rsi_period"])
    if atr is None:
        d, n = [abs(x) for x in changes(c)], p["atr_period"]
        atr = [mean(d[t + 1 - n : t + 1]) if t >= n else NAN for t in range(len(c))]
    buys, sells, held, peak, stop, entry = set(), set(), False, 0.0, None, 0
    for t, x in enumerate(c):
        if math.isnan(sma[t]) or math.isnan(rsi[t]):
            continue
        if not held:
            is_open = gate is None or gate[t]
            if is_open and sinks_to(x, sma[t] * (1 - p["entry_drop"])) and rsi[t] <= p["rsi_max"]:
                buys.add(t)
                held, peak, stop, entry = True, x, None, t
            continue
        peak = max(peak, x)
        a = max(0.0 if math.isnan(atr[t]) else atr[t], x * p["atr_floor_pct"])
        if a > 0 and reaches(x, sma[t]):
            candidate = max(0.0, min(x, peak - p["atr_mult"] * a))
            stop = candidate if stop is None else max(stop, candidate)
        is_late = time_stop > 0 and t - entry >= time_stop
        is_target = reaches(x, sma[t] * (1 + p["exit_up"]))
        if is_target or (stop is not None and x <= stop) or is_late:
            sells.add(t)
            held = False
    return buys, sells


def csma_range_revert(p, o, h, low, c, v):
    size = max(1, round(p["adx_htf_minutes"] / 5))
    own = adx(h, low, c, p["adx_period"])
    starts = range(0, len(c) - size + 1, size)
    highs = [max(h[i : i + size]) for i in starts]
    lows = [min(low[i : i + size]) for i in starts]
    higher = adx(highs, lows, [c[i + size - 1] for i in starts], p["adx_htf_period"])
    gate = []
    for t in range(len(c)):
        done = (t + 1) // size
        above = higher[done - 1] if done else NAN
        gate.append(own[t] <= p["adx_range_threshold"] and above <= p["adx_range_threshold"])
    atr = wilder_atr(o, h, low, c, p["atr_period"])
    return csma_revert(p, o, h, low, c, v, gate, atr, p["time_stop_bars"])


def hybrid_v2(p, o, h, low, c, v):
    n = p["n_sma"]
    sma, sd = rolling(c, n, mean), rolling(c, n, lambda w: float(np.std(w)))
    rsi = rsi_simple(c, p["rsi_period"])
    f, s = ema(c, p["ema_fast"]), ema(c, p["ema_slow"])
    top = rolling(h, p["n_break"], max)
    lag = max(2, p["ema_fast"] // 2)
    buys, sells, mode, peak, entry = set(), set(), None, 0.0, 0
    for t, x in enumerate(c):
        if math.isnan(sma[t]):
            continue
        up = (
            f[t] > s[t]
            and t >= lag
            and f[t] - f[t - lag] > 0
            and (f[t] - s[t]) / s[t] >= p["gap_min"]
            and not math.isnan(top[t])
        )
        if mode is None:
            if up and x >= top[t]:
                mode = "breakout"
            elif not up and sinks_to(x, sma[t] * (1 - p["entry_drop"])) and rsi[t] <= p["rsi_max"]:
                mode = "reversion"
            if mode:
                buys.add(t)
                peak, entry = x, t
            continue
        peak = max(peak, x)
        if mode == "breakout":
            leave = p["trail_uptrend"] > 0 and x <= peak * (1 - p["trail_uptrend"])
        else:
            z = max(0.0, (x - sma[t]) / (sd[t] + 3e-10 * sma[t]))
            base = p["base_exit_up"]
            up_to = base + min(p["exit_cap"] - base, p["z_mult"] * z)
            late = t - entry >= p["max_hold_bars"] and reaches(x, sma[t])
            leave = reaches(x, sma[t] * (1 + up_to)) or late
        if leave:
            sells.add(t)
            mode = None
    return buys, sells


def csma_revert_pro1(p, o, h, low, c, v):
    sma = rolling(c, p["n_sma"], mean)
    rsi = rsi_recursive(c, p["rsi_period"])
    atr = rolling(ranges(o, h, low, c), p["atr_window"], mean)
    top = rolling(c, p["crash_window"], max)
    buys, sells, held, peak, entry, left = set(), set(), False, 0.0, 0, -1_000_000
    for t, x in enumerate(c):
        if math.isnan(sma[t]):
            continue
        if not held:
            if t - left < p["cooldown_bars"]:
                continue
            deep = sinks_to(x, sma[t] * (1 - p["entry_drop"])) and rsi[t] <= p["rsi_max"]
            if atr[t] / x >= p["atr_min_norm"] and x / top[t] - 1 <= p["crash_drawdown"] and deep:
                buys.add(t)
                held, peak, entry = True, x, t
        else:
            peak = max(peak, x)
            target = reaches(x, sma[t] * (1 + p["exit_up"])) or rsi[t] >= p["rsi_exit"]
            trail = x <= peak * (1 - p["trail_pct"])
            if t - entry >= p["min_hold_bars"] and (target or trail):
                sells.add(t)
                held, left = False, t
    return buys, sells


SIGNALS = {
    "passive_hold": passive_hold,
    "trailing_hold": trailing_hold,
    "donchian_champion": donchian_champion,
    "donchian_champion_aggressive": donchian_champion,
    "donchian_champion_dynamic": donchian_champion_dynamic,
    "tight_trend_follow": tight_trend_follow,
    "multi_week_breakout": multi_week_breakout,
    "multi_week_breakout_ultra": multi_week_breakout_ultra,
    "csma_revert": csma_revert,
    "csma_range_revert": csma_range_revert,
    "hybrid_v2": hybrid_v2,
    "csma_revert_pro1": csma_revert_pro1,
}
