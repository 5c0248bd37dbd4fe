"""Behind a TLS proxy, for several people: HTTPS only, hashed static files, logs as JSON lines."""

import os

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR
from config.settings.logging import logging_config
from trading.base.domain.errors import ConfigError

ALLOWED_HOSTS = env.env_list(os.environ, "GUARDIAN_ALLOWED_HOSTS")
if not ALLOWED_HOSTS:
    raise ConfigError(
        "GUARDIAN_ALLOWED_HOSTS is empty; name the host people open, such as desk.example.org"
    )
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
IS_BEHIND_PROXY = True  # one, which appends whom it heard from to X-Forwarded-For
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False

LOGGING = logging_config(as_json=True)
