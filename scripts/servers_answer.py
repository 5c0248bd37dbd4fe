"""Exit 0 when the PostgreSQL server and the Redis server named on the command line answer."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis


def main(database_url: str, redis_url: str) -> int:
    """Try both; say in one line each what does not answer."""
    code = 0
    maintenance = urlunsplit(urlsplit(database_url)._replace(path="/postgres"))
    try:
        psycopg.connect(maintenance, connect_timeout=3).close()
    except psycopg.Error as error:
        print(f"PostgreSQL does not answer: {str(error).splitlines()[0]}", file=sys.stderr)
        code = 1
    try:
        redis.Redis.from_url(redis_url, socket_timeout=3).ping()
    except (redis.RedisError, OSError) as error:
        print(f"Redis does not answer: {error}", file=sys.stderr)
        code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
