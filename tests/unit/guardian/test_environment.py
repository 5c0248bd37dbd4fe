"""A process of the desk sees its own settings and the machine, nothing of other projects."""

from __future__ import annotations

import pytest

from guardian.domain.environment import environment_of_desk

KEPT = {
    "PATH": "/bin", "HOME": "/home/o", "LANG": "C", "LC_ALL": "C", "TZ": "Asia/Tokyo",
    "DATABASE_URL": "postgres://x/y", "GUARDIAN_CONFIG": "/c", "GUARDIAN_ALLOWED_HOSTS": "desk",
    "HTTPS_PROXY": "http://p:3128", "https_proxy": "http://p:3128", "no_proxy": "intern",
    "SSL_CERT_FILE": "/ca", "PGPASSFILE": "/p",
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CELERY_LOADER", "C_FORCE_ROOT",
        "UVICORN_PORT", "UVICORN_RELOAD", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS",
        "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONOPTIMIZE", "PYTHONWARNINGS",
        "NUMBA_DISABLE_JIT", "SUPERVISOR_ENABLED", "REDIS_URL", "BROKER_URL", "FLASK_APP",
        "AWS_SECRET_ACCESS_KEY", "DJANGO_DEBUG", "PGHOST", "PGPASSWORD", "PGOPTIONS", "ENV_FILE",
    ],
)  # fmt: skip
def test_settings_of_other_projects_stay_outside(name: str) -> None:
    assert environment_of_desk({**KEPT, name: "theirs"}) == KEPT
