"""What ``up`` does when nobody reads it any more."""

from __future__ import annotations

import errno
import io

from guardian.management.commands.up import Command


class LostTerminal(io.StringIO):
    """Refuses every line, as a closed terminal does."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EIO, "the terminal is gone")


def test_a_line_nobody_can_read_does_not_end_the_desk() -> None:
    Command(stderr=LostTerminal())._say("web ended and runs again")


def test_the_way_to_another_password_names_the_user_it_is_of() -> None:
    out = io.StringIO()
    login = {"username": "operator", "password": "a-long-password"}
    Command(stdout=out).show({"url": "http://127.0.0.1:8000/", "login": login})
    assert "change it with: manage.py changepassword operator\n" in out.getvalue()
