"""Two answers for machines: is the desk well, and what does it count."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_prometheus.exports import ExportToDjangoView

from guardian.bootstrap import desk_advisories, desk_health
from guardian.domain.advisories import degradation_level


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the database answers; what is degraded is said, the reasons to our own."""
    health = desk_health()
    advisories = desk_advisories(health)
    level = degradation_level(advisories)
    body: dict[str, Any] = {
        "status": "degraded" if level and health.db == "ok" else health.status,
        "level": level,
        "db": health.db,
        "redis": health.redis,
        "version": settings.VERSION,
    }
    if health.db == "ok" and _is_ours(request):
        body["reasons"] = [advisory.text for advisory in advisories if advisory.level]
    return JsonResponse(body, status=200 if health.db == "ok" else 503)


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Show Prometheus metrics to this machine and to people who are logged in."""
    if not _is_ours(request):
        return HttpResponse("log in, or ask from the machine the desk runs on\n", status=403)
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _is_ours(request: HttpRequest) -> bool:
    return _is_local(request) or request.user.is_authenticated


def _is_local(request: HttpRequest) -> bool:
    # A proxy on this machine speaks for somebody else, and says so in these headers.
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
