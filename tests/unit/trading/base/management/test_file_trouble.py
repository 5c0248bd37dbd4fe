"""What goes wrong with a file is said in words and names the file."""

from __future__ import annotations

import errno
import os

import pytest

from trading.base.management.desk_command import file_trouble


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no room left on the disk for '/data/5m.parquet'; free some"),
        (errno.EDQUOT, "no room left on the disk for '/data/5m.parquet'; free some"),
        (errno.EROFS, "read-only for '/data/5m.parquet'; make it writable"),
        (errno.EACCES, "may not use '/data/5m.parquet'; give it"),
    ],
)
def test_the_file_is_named_and_what_to_do(number: int, words: str) -> None:
    text = file_trouble(OSError(number, os.strerror(number), "/data/5m.parquet"))
    assert words in text
    assert "Errno" not in text


def test_what_has_no_words_of_its_own_is_passed_on() -> None:
    assert file_trouble(OSError("the socket broke")) == "the socket broke"
    assert "x.csv" in file_trouble(FileNotFoundError(errno.ENOENT, "No such file", "x.csv"))
