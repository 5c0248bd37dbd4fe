"""Fill the database the environment names with the scene and an operator.

A program, because the server of a browser test is a process of its own with its own database:
``python -m tests.web.fill_database``.
"""

from __future__ import annotations

import django

django.setup()

from tests import factories  # noqa: E402
from tests.web import desk_scene  # noqa: E402
from trading.base import bootstrap  # noqa: E402

if __name__ == "__main__":
    desk_scene.build(bootstrap.system_clock().now())
    factories.operator(is_staff=True, is_superuser=True)
