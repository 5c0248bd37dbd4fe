"""Logs come out alike from both libraries, and never with a secret."""

from __future__ import annotations

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.conf import settings

from config.settings.logging import HIDDEN, hide_secrets, logging_config


@pytest.mark.parametrize("key", ["password", "api_key", "Authorization", "redis_token", "apiKey"])
def test_fields_that_sound_secret_are_hidden(key: str) -> None:
    assert hide_secrets(None, "info", {key: "canary", "pair": "BTC/USDT"}) == {
        key: HIDDEN,
        "pair": "BTC/USDT",
    }


def test_production_writes_one_json_object_per_line() -> None:
    lines = io.StringIO()
    config = logging_config(as_json=True)
    config["handlers"]["stderr"]["stream"] = lines
    try:
        logging.config.dictConfig(config)
        structlog.get_logger("trading").warning("order.denied", pair="BTC/USDT", secret="canary")
        logging.getLogger("plain").error("broke %s", "here")
    finally:
        logging.config.dictConfig(settings.LOGGING)
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["event"], first["pair"], first["secret"]) == ("order.denied", "BTC/USDT", HIDDEN)
    assert (second["event"], second["level"]) == ("broke here", "error")
    assert "canary" not in lines.getvalue()
