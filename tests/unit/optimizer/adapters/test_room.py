"""Cores and memory are those of the machine and of the container around the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.adapters.workers.room import cores_granted, memory_free_mb, room_here

MIB = 2**20


def system(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 25165824 kB\nMemAvailable: 20971520 kB\n"}
V2 = {
    "proc/self/cgroup": "0::/user/desk\n",
    "sys/fs/cgroup/user/desk/memory.max": "max\n",
    "sys/fs/cgroup/user/memory.max": f"{2048 * MIB}\n",
    "sys/fs/cgroup/user/memory.current": f"{1024 * MIB}\n",
    "sys/fs/cgroup/user/memory.stat": f"anon 1\ninactive_file {256 * MIB}\n",
    "sys/fs/cgroup/user/desk/cpu.max": "100000 100000\n",
}
V1 = {
    "proc/self/cgroup": "5:memory:/job\n3:cpu,cpuacct:/job\n",
    "sys/fs/cgroup/memory/job/memory.limit_in_bytes": f"{4096 * MIB}\n",
    "sys/fs/cgroup/memory/job/memory.usage_in_bytes": f"{1024 * MIB}\n",
    "sys/fs/cgroup/memory/job/memory.stat": f"total_inactive_file {64 * MIB}\n",
    "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "100000\n",
    "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
}
V1_INSIDE = {name.replace("/job", "", 1) if name.startswith("sys") else name: text
             for name, text in V1.items()}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "free"),
    [
        (MEMINFO, 20_480.0),
        (MEMINFO | V2, 1_280.0),
        (MEMINFO | V1, 3_136.0),
        (MEMINFO | V1_INSIDE, 3_136.0),
        ({}, None),
    ],
)
def test_free_memory_is_the_least_of_machine_and_containers(
    tmp_path: Path, files: dict[str, str], free: float | None
) -> None:
    assert memory_free_mb(system(tmp_path, files)) == free


@pytest.mark.parametrize("files", [V2, V1, V1_INSIDE])
def test_a_share_of_the_processor_caps_the_cores(tmp_path: Path, files: dict[str, str]) -> None:
    assert cores_granted(system(tmp_path, files)) == 1


def test_less_than_a_core_is_one_and_no_limit_is_none(tmp_path: Path) -> None:
    unlimited = V2 | {"sys/fs/cgroup/user/desk/cpu.max": "max 100000\n"}
    assert cores_granted(system(tmp_path / "a", unlimited)) == cores_granted(tmp_path / "none")
    half = V2 | {"sys/fs/cgroup/user/desk/cpu.max": "50000 100000\n"}
    assert cores_granted(system(tmp_path / "b", half)) == 1


def test_this_machine_has_something_to_give() -> None:
    here = room_here()
    assert here.cores >= 1
    assert here.memory_mb is None or here.memory_mb > 0
