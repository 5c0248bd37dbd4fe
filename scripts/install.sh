#!/bin/sh
# Make .venv hold exactly what the named requirements file pins; do nothing when it already does.
set -eu

requirements=$1
venv=.venv

say() { printf '%s\n' "$*" >&2; }
refuse() { say "$*"; exit 2; }

case "$(uname -s)" in
    Linux)
        # The pinned packages come as wheels for the GNU C library.
        getconf GNU_LIBC_VERSION >/dev/null 2>&1 || refuse "This Linux has no GNU C library; use Debian, Ubuntu, Fedora or the like."
        ;;
    Darwin) ;;
    *) refuse "$(uname -s) is not supported; use Linux or macOS." ;;
esac

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && is_supported "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

if ! is_supported "$venv/bin/python"; then
    python=$(find_python) || refuse "No Python 3.11 to 3.13 found; install one, or name it: make up PYTHON=/path/to/python3.11"
    say "creating $venv with $("$python" --version 2>&1)"
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --clear --seed --python "$python" "$venv"
    else
        "$python" -m venv --clear "$venv" || refuse "$python cannot make virtual environments; on Debian: apt-get install python3-venv"
    fi
fi

# The stamp names the content of both files: a changed pin installs again, nothing else does.
wanted=$("$venv/bin/python" - "$requirements" <<'PY'
import hashlib, pathlib, sys
name = sys.argv[1]
text = "".join(pathlib.Path(n).read_text() for n in sorted({"requirements.txt", name}))
print(name, hashlib.sha256(text.encode()).hexdigest())
PY
)
stamp=$venv/installed
# What is installed for development holds what running needs too.
if [ -f "$stamp" ]; then
    if grep -qxF "$wanted" "$stamp"; then
        exit 0
    fi
fi

say "installing $requirements into $venv (minutes the first time, seconds after)"
if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python "$venv/bin/python" -r "$requirements"
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$requirements"
fi
running=$("$venv/bin/python" - <<'PY'
import hashlib, pathlib
print("requirements.txt", hashlib.sha256(pathlib.Path("requirements.txt").read_bytes()).hexdigest())
PY
)
printf '%s\n%s\n' "$running" "$wanted" | sort -u >"$stamp"
say "installed"
