"""The sockets of the site, for ``config.asgi``."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.consumers import DeskConsumer, NowhereConsumer

websocket_urlpatterns = [
    path("ws/desk/", DeskConsumer.as_asgi()),
    re_path("", NowhereConsumer.as_asgi()),  # or an unknown address would be an error in the log
]
