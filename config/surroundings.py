"""Keep settings of other projects out of this one, before anything is read from the environment."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from trading.base.domain.errors import ConfigError

DEFAULT_SETTINGS = "config.settings.dev"
_NOT_WHOLE = frozenset({"__init__", "base", "celery", "channels", "logging", "login", "metrics"})


def settings_module_use(environ: MutableMapping[str, str], base: Path) -> None:
    """Name the settings to run with where nobody did.

    Raises:
        ConfigError: the ones named belong to another project.
    """
    name = environ.setdefault("DJANGO_SETTINGS_MODULE", DEFAULT_SETTINGS)
    folder = base / "config" / "settings"
    known = sorted({path.stem for path in folder.glob("*.py")} - _NOT_WHOLE)
    if name not in {f"config.settings.{stem}" for stem in known}:
        raise ConfigError(
            f"DJANGO_SETTINGS_MODULE was {name!r}, which is not of this project; unset it, or name "
            f"one of config.settings.{{{','.join(known)}}}"
        )


def celery_variables_forget(environ: MutableMapping[str, str]) -> None:
    """Forget what the shell tells Celery: its variables outrank the settings of this project.

    ``CELERY_BROKER_URL`` of another project would send this desk's tasks there. The desk sets
    one of them itself.
    """
    for name in [name for name in environ if name.startswith("CELERY_")]:
        if name != "CELERY_SKIP_CHECKS":
            del environ[name]
