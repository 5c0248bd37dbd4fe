"""A disk that is full is said with the file that did not fit, whoever wrote it."""

from __future__ import annotations

import errno
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trading.base.domain.file_named import file_named

ROOT = Path(__file__).resolve().parents[5]
WRITERS = {
    "tables": "from trading.base.adapters.atomic import write_atomic\n"
    "write_atomic(target, b'x' * 100_000)",
    "snapshots": "from optimizer.adapters.run_files import write_atomic\n"
    "write_atomic(target, b'x' * 100_000)",
    "copies of candles": "from optimizer.adapters.run_files import candles_write\n"
    "from tests.oracles.paths import path\ncandles_write(target, path(1, 5_000))",
}
SCRIPT = """
import errno, sys
from pathlib import Path
target = Path(sys.argv[1])
try:
    {}
except OSError as error:
    print(error.errno in (errno.EFBIG, errno.ENOSPC), error.filename == str(target))
"""


def _small_files() -> None:
    # stands for a full disk: the system refuses to write on, in the middle of a file
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))


@pytest.mark.parametrize("writer", WRITERS)
def test_what_does_not_fit_is_named(tmp_path: Path, writer: str) -> None:
    body = WRITERS[writer].replace("\n", "\n    ")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(body), str(tmp_path / "file")],
        cwd=ROOT, capture_output=True, text=True, preexec_fn=_small_files, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "True True", done.stderr


def test_an_error_without_a_number_is_a_full_disk_and_a_name_stays() -> None:
    said = "1000 requested and 10 written"
    with pytest.raises(OSError, match=f"{said}: 'a/b'") as full, file_named(Path("a/b")):
        raise OSError(said)
    assert full.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match="'other'"), file_named(Path("a/b")):
        raise OSError(errno.EACCES, "Permission denied", "other")
