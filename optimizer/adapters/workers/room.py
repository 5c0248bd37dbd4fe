"""What this machine, or the container this process is in, has to give to workers.

Source: Linux, control groups (v1 and v2), and ``proc(5)``; elsewhere only the cores are known.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from optimizer.domain.study.capacity import Room

_MB: Final = 2**20
_ROOT: Final = Path("/")


def room_here(root: Path = _ROOT) -> Room:
    """Return the cores and the free memory; ``root`` is where the system's files are."""
    return Room(cores_granted(root), memory_free_mb(root))


def cores_granted(root: Path = _ROOT) -> int:
    """Return the cores this process may use: those it is bound to, and its container's share."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quotas = []
    for folder in _groups(root, "cpu"):
        words = _words(folder / "cpu.max") or [
            *_words(folder / "cpu.cfs_quota_us"),
            *_words(folder / "cpu.cfs_period_us"),
        ]
        if len(words) == 2 and words[0].isdigit() and int(words[1]) > 0:
            quotas.append(max(1, int(words[0]) // int(words[1])))
    return min([cores or 1, *quotas])


def memory_free_mb(root: Path = _ROOT) -> float | None:
    """Return the memory that could be used now, MiB; None where the system does not say."""
    lines = _lines(root / "proc" / "meminfo")
    known = [1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    for folder in _groups(root, "memory"):
        limit = _number(folder, "memory.max", "memory.limit_in_bytes")
        used = _number(folder, "memory.current", "memory.usage_in_bytes")
        if limit is not None and used is not None:
            known.append(max(0.0, limit - used + _reclaimable(folder)))
    return min(known) / _MB if known else None


def _reclaimable(folder: Path) -> float:
    """Return the bytes of files a group keeps in memory and would give up, 0 if unknown."""
    for line in _lines(folder / "memory.stat"):
        name, _, value = line.partition(" ")
        if name in {"inactive_file", "total_inactive_file"} and value.strip().isdigit():
            return float(value)
    return 0.0


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the control groups of this process, its own first, then those around it."""
    base = root / "sys" / "fs" / "cgroup"
    for line in _lines(root / "proc" / "self" / "cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        top = base / controller if controllers else base
        # in a container the path may be that outside of it, and only the top is there
        inner = Path(path.strip().lstrip("/"))
        yield from (top / part for part in (inner, *inner.parents))


def _number(folder: Path, *names: str) -> float | None:
    for name in names:
        words = _words(folder / name)
        if words and words[0].isdigit():
            return float(words[0])
    return None


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
