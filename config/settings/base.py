"""Settings that hold everywhere; environments import all of this and change little."""

from __future__ import annotations

import os
from pathlib import Path

from config import env
from config.beat import DEFAULT_SCHEDULES
from config.kernel_cache import kernel_cache_use, sources_digest
from config.settings.celery import *  # noqa: F403
from config.settings.channels import channel_layers
from config.settings.logging import logging_config
from config.settings.login import *  # noqa: F403
from config.settings.metrics import *  # noqa: F403
from guardian.adapters.redis_record import running_url

VERSION = "0.1.0"  # the newest entry of CHANGELOG.md; a test compares them

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = env.data_dir(os.environ, BASE_DIR)
kernel_cache_use(os.environ, BASE_DIR, DATA_DIR)  # before anything imports numba
KERNELS_DIR = os.environ.get("NUMBA_CACHE_DIR", "")  # empty where nothing can be written
SOURCES_DIGEST = sources_digest(BASE_DIR)  # as loaded now; machines of one study must agree on it
CONFIG_PATH = env.config_path(os.environ, BASE_DIR)
SECRET_KEY = env.secret_key(os.environ, DATA_DIR)

# Seconds a session task runs before it hands over; well under the broker's visibility timeout.
SESSION_DEADLINE_S = 1500
BEAT_SCHEDULES = DEFAULT_SCHEDULES

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.admin.apps.SimpleAdminConfig",  # pages load it in config.urls, others need not
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "django_celery_beat",
    "django_htmx",
    "django_prometheus",
    "trading.base",
    "trading.market",
    "trading.signals",
    "trading.treasury",
    "trading.learning",
    "trading.desk",
    "optimizer",
    "guardian",
    "dashboard",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.security_headers",
    "config.middleware.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # A page without a word about access is closed, never open by oversight.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.error_pages.readable_only",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.page_context.page_context",
            ],
        },
    },
]

DATABASES = {"default": env.database(os.environ, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_url(os.environ, running_url(DATA_DIR))
IS_REDIS_OUTSIDE = bool(env.redis_url(os.environ))  # else ``up`` keeps a server of its own
BROKER_URL_OF = env.celery_broker_url
CELERY_BROKER_URL = env.celery_broker_url(REDIS_URL)
CHANNEL_LAYERS = channel_layers(REDIS_URL)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DATETIME_FORMAT = "Y-m-d H:i:s"

STATIC_URL = "static/"
STATIC_ROOT: Path | None = None  # served from where the packages keep the files; prod collects
STATICFILES_DIRS = [path for path in [BASE_DIR / "static"] if path.is_dir()]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.vendor_static.VendorFinder",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 60

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.error_pages.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = logging_config(as_json=False)
