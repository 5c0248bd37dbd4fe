#!/bin/sh
# Find a Chromium for the browser tests, or install one; without one those tests are skipped,
# which is an error under CI=true.
set -eu

say() { printf '%s\n' "$*" >&2; }

# One that is there but does not start is no browser.
has_browser() { .venv/bin/python -m tests.web.browsers; }

has_browser && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing Chromium from Debian's packages"
    if apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >&2; then
        has_browser && exit 0
    fi
fi

say "installing Chromium through Playwright"
if .venv/bin/python -m playwright install chromium >&2 && has_browser; then
    exit 0
fi

if [ "${CI:-}" = true ]; then
    say "no Chromium could be installed, and under CI=true the browser tests must run"
    exit 1
fi
say "no Chromium could be installed: the browser tests will be skipped"
