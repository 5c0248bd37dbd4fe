"""Files of a run are handed out by name, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.adapters.run_downloads import RunFolderFiles


@pytest.fixture
def files(tmp_path: Path) -> RunFolderFiles:
    """Return the runs of a data directory with one run, a secret beside it, and links to it."""
    (tmp_path / "secret_key").write_text("the key")
    (tmp_path / "secret.json").write_text("{}")
    run = tmp_path / "reports" / "run"
    (run / "trades").mkdir(parents=True)
    (run / ".hidden").mkdir()
    (run / "report.html").write_text("<p>")
    (run / "trades" / "trial_1.csv").write_text("a,b\n")
    (run / ".report.html.tmp.json").write_text("half")
    (run / ".hidden" / "x.json").write_text("{}")
    (run / "values.npy").write_bytes(b"\x93NUMPY")
    (run / "link.json").symlink_to(tmp_path / "secret.json")
    (run / "out").symlink_to(tmp_path)
    return RunFolderFiles(tmp_path)


def test_reports_tables_and_logs_are_listed_and_nothing_else(files: RunFolderFiles) -> None:
    assert [(file.name, file.size) for file in files.list("reports/run")] == [
        ("report.html", 3),
        ("trades/trial_1.csv", 4),
    ]


def test_a_listed_file_is_opened(files: RunFolderFiles) -> None:
    found = files.open("reports/run", "trades/trial_1.csv")
    assert found is not None
    file, content = found
    with content:
        assert (file.size, content.read()) == (4, b"a,b\n")


@pytest.mark.parametrize(
    "name",
    [
        "../../secret.json",
        "../../secret_key",
        "/etc/passwd",
        "link.json",
        "out/secret.json",
        "trades/../../../secret.json",
        "values.npy",
        ".hidden/x.json",
        "",
        ".",
        "trades",
        "nothing.csv",
        "report.html\x00",
    ],
)
def test_no_other_name_opens_anything(files: RunFolderFiles, name: str) -> None:
    assert files.open("reports/run", name) is None


def test_a_run_without_a_folder_has_no_files(files: RunFolderFiles) -> None:
    assert files.list("reports/gone") == []
