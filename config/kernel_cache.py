"""Say where compiled kernels are kept: one folder per version of the code that was compiled.

numba keeps machine code beside the file of each function and looks only at that file's date. A
kernel that calls one in another file would live on after the other changed, or fail to load after
a module was renamed. A folder named by a digest of all kernel sources cannot go stale.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import MutableMapping
from hashlib import blake2b
from pathlib import Path

ROOTS = ("trading/*/domain", "optimizer/domain", "optimizer/services/bench")
KEPT = 4  # versions; older ones are removed


def sources_digest(base: Path) -> str:
    """Return 16 hex digits over every source file that may hold a kernel."""
    digest = blake2b(digest_size=8)
    for root in ROOTS:
        for path in sorted(base.glob(f"{root}/**/*.py")):
            digest.update(path.relative_to(base).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def kernel_cache_use(environ: MutableMapping[str, str], base: Path, data_dir: Path) -> None:
    """Point ``NUMBA_CACHE_DIR`` at this version's folder unless a person already set it.

    The checkout's ``var/kernels`` is shared by all data folders; the data folder's own is used
    where the checkout is read-only.
    """
    if environ.get("NUMBA_CACHE_DIR"):
        return
    name = sources_digest(base)
    for root in (base / "var" / "kernels", data_dir / "kernels"):
        try:
            (root / name).mkdir(parents=True, exist_ok=True)
            os.utime(root / name)  # used now, so not among the oldest
        except OSError:
            continue  # read-only; the next one, or numba's own choice
        environ["NUMBA_CACHE_DIR"] = str(root / name)
        _forget_old(root)
        return


def _forget_old(root: Path) -> None:
    folders = sorted(root.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
