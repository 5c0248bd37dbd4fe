"""Logging in: how many wrong passwords are borne, from whom, and for how long it is then locked.

Locked is the name from one address, and an address that tries many names: whoever guesses from
elsewhere cannot lock the operator out. Right passwords are refused too while it is locked.
"""

from datetime import timedelta

LOGIN_TRIES = 5  # wrong passwords for one name from one address
LOGIN_TRIES_OF_ADDRESS = 20  # from one address, whatever the names
LOGIN_LOCKED_FOR = timedelta(minutes=15)  # after the last try that was counted

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_HANDLER = "guardian.adapters.login_guard.LoginGuard"
AXES_FAILURE_LIMIT = LOGIN_TRIES
AXES_COOLOFF_TIME = LOGIN_LOCKED_FOR
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]  # the order LoginGuard expects
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or guessing on would keep it locked
AXES_SENSITIVE_PARAMETERS = ["username"]  # in logs: a name is a stranger's text, an address is not
AXES_CLIENT_IP_CALLABLE = "config.client_address.client_address"
AXES_USERNAME_CALLABLE = "config.client_address.client_name"
AXES_LOCKOUT_CALLABLE = "config.error_pages.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # only wrong passwords are kept, and only while they count
AXES_ENABLE_ADMIN = False
IS_BEHIND_PROXY = False
