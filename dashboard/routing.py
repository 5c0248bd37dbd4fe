"""The sockets of the site, for ``config.asgi``."""

from __future__ import annotations

from django.urls import path

from dashboard.consumers import DeskConsumer

websocket_urlpatterns = [path("ws/desk/", DeskConsumer.as_asgi())]
