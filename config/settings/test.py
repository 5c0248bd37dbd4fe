"""Tests: their own data folder, no network, cheap passwords; services only where one is named.

``DATABASE_URL`` and ``REDIS_URL`` are obeyed, so that the same tests run on PostgreSQL and Redis.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if not os.environ.get("GUARDIAN_DATA_DIR"):
    # Set for child processes too, so that a test's own processes share the folder.
    os.environ["GUARDIAN_DATA_DIR"] = tempfile.mkdtemp(prefix="guardian-test-")
    atexit.register(shutil.rmtree, os.environ["GUARDIAN_DATA_DIR"], ignore_errors=True)

from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost", "[::1]"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file and not memory: threads and processes must see one database, as in the real desk.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
else:
    # Some tests fork, and a forked process must not share a pool's sockets with its parent.
    del DATABASES["default"]["OPTIONS"]["pool"]
