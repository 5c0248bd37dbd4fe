"""Which variables of a shell reach the desk's processes: its own, and what a machine is made of.

A shell holds the settings of every project its owner works on. Celery, uvicorn, supervisord, numba
and Python each read variables of their own, so a process started with all of them may use another
project's broker, workers, packages or keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MACHINE: Final = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX",
        "NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS",
    }
)  # fmt: skip
# How outside servers are reached and trusted.
_OUTSIDE: Final = frozenset(
    {
        "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
        "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY",
    }
)  # fmt: skip
_DESK: Final = frozenset(
    {"DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL_FILE", "DJANGO_SETTINGS_MODULE"}
)
_PREFIXES: Final = ("GUARDIAN_", "LC_")


def environment_of_desk(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a process of the desk is given of a shell's variables."""
    return {name: value for name, value in environ.items() if _is_kept(name)}


def _is_kept(name: str) -> bool:
    if name in _MACHINE or name in _OUTSIDE or name.lower() in _OUTSIDE or name in _DESK:
        return True
    return name.startswith(_PREFIXES)
