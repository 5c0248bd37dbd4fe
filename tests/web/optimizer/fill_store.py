"""Put candles and swap costs into the data directory the environment names.

A program, because the desk of a browser test is a set of processes with a data directory of its
own: ``python -m tests.web.optimizer.fill_store``.
"""

from __future__ import annotations

import django

django.setup()

from django.conf import settings  # noqa: E402

from tests.oracles import paths  # noqa: E402
from tests.web.optimizer.store import KEY, store_fill  # noqa: E402

N_BARS = 40_000

if __name__ == "__main__":
    store_fill(settings.DATA_DIR, paths.path(3, N_BARS), KEY)
