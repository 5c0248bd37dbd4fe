"""Text is readable on every surface in both themes: contrast of at least 4.5 to 1 (WCAG AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parents[3] / "static/css/shell/tokens.css").read_text()
TEXT = (
    "text-strong", "text", "muted", "accent", "good", "warning", "bad", "info", "stale",
    "safe-up", "safe-down", "conv-up", "conv-down",
    "simulated", "ghost", "canary", "live", "idle",
)  # fmt: skip
SURFACES = ("page", "raised", "sunken")


def theme(name: str) -> dict[str, str]:
    block = re.search(rf':root\[data-theme="{name}"\] {{(.*?)}}', TOKENS, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block.group(1)))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_the_most_there_is() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_text_colour_is_readable_on_every_surface(name: str) -> None:
    colours = theme(name)
    weak = {
        (text, surface): round(contrast(colours[text], colours[surface]), 2)
        for text in TEXT
        for surface in SURFACES
        if contrast(colours[text], colours[surface]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_label_of_the_main_button_is_readable(name: str) -> None:
    colours = theme(name)
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5


def test_the_system_theme_and_the_chosen_one_use_the_same_colours() -> None:
    system = re.search(r":root:not\(\[data-theme=\"dark\"\]\) {(.*?)}", TOKENS, re.DOTALL)
    assert system is not None
    assert dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", system.group(1))) == theme("light")
