"""One operator on this machine over plain HTTP; what ``make up`` runs."""

import os

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import ALLOWED_HOSTS as LOCAL_HOSTS

DEBUG = env.env_bool(os.environ, "GUARDIAN_DEBUG", default=False)
ALLOWED_HOSTS = [*LOCAL_HOSTS, *env.env_list(os.environ, "GUARDIAN_ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = env.env_list(os.environ, "GUARDIAN_TRUSTED_ORIGINS")
