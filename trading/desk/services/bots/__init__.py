"""Ghost bots that people install beside the configured ones, and take away again."""

from typing import Final

INSTALLED: Final = "bots.installed"  # the setting that holds them
