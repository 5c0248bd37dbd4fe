"""Revisions of the settings, read-only, and the page on which an operator makes a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from trading.base import bootstrap
from trading.base.domain.errors import TradingError
from trading.desk.admin.config_form import REASON, ConfigForm, value_text
from trading.desk.models import ConfigRevision
from trading.desk.services.config.layers import profile_names
from trading.desk.services.config.overrides import (
    config_rollback,
    current_config,
    current_overrides,
    current_revision_number,
    override_set,
)
from trading.desk.services.config.problems import InvalidConfigError
from trading.desk.services.config.schema import counts_when

TEMPLATES = "admin/desk/configrevision"
BASE_REVISION = "base_revision"


class RollbackForm(forms.Form):
    """Why an older revision comes back."""

    reason = forms.CharField(max_length=300, strip=True, help_text="Kept with the new revision.")


@admin.register(ConfigRevision)
class ConfigRevisionAdmin(admin.ModelAdmin):
    """History of the settings: who, when, why and what; made on its own page, never edited."""

    list_display = ("number", "created_at", "author", "reason", "changed_keys", "rolled_back_to")
    list_display_links = ("number", "created_at")
    search_fields = ("author", "reason")
    list_filter = ("author",)
    fields = ("number", "created_at", "author", "reason", "rolled_back_to")
    change_list_template = f"{TEMPLATES}/change_list.html"
    change_form_template = f"{TEMPLATES}/change_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse the plain form: the settings page validates the whole configuration."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: history stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: history stays as it was."""
        return False

    @admin.display(description="Changed")
    def changed_keys(self, revision: ConfigRevision) -> str:
        """Return the first changed keys."""
        keys = list(revision.diff)
        more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
        return ", ".join(keys[:3]) + more or "nothing effective"

    def get_urls(self) -> list[URLPattern]:
        """Add the settings page and the rollback confirmation."""
        wrap = self.admin_site.admin_view
        return [
            path("settings/", wrap(self.settings_view), name="desk_configrevision_settings"),
            path(
                "<int:number>/rollback/",
                wrap(self.rollback_view),
                name="desk_configrevision_rollback",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer the settings page above the list."""
        extra = {"can_change_settings": _may_change(request)}
        return super().changelist_view(request, {**(extra_context or {}), **extra})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what changed in this revision."""
        revision = self.get_object(request, object_id)
        extra: dict[str, Any] = {}
        if revision is not None:
            extra = {
                "diff_rows": _diff_rows(revision.diff),
                "override_rows": [(key, value_text(v)) for key, v in revision.overrides.items()],
                "can_roll_back": _may_change(request)
                and revision.number != current_revision_number(),
            }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def settings_view(self, request: HttpRequest) -> HttpResponse:
        """Show every setting; write a revision from those that were changed."""
        _require_change(request)
        number = current_revision_number()
        try:
            resolved = current_config()
        except InvalidConfigError as error:
            context = {"problems": error.problems, "current_number": number}
            return self._page(request, "settings", "Change settings", context, status=409)
        profiles = profile_names(settings.CONFIG_PATH.parent)
        base = request.POST.get(BASE_REVISION, str(number))
        form = ConfigForm(
            resolved, profiles, data=request.POST if request.method == "POST" else None
        )
        if request.method == "POST" and form.is_valid():
            done = self._save(request, form)
            if done is not None:
                return done
            if base != str(number):
                form, base = _renewed(form, resolved, profiles), str(number)
        context = {
            "form": form,
            "sections": form.sections(),
            "reason": form[REASON],
            "profile": resolved.profile or "none",
            "base_revision": base,
            "current_number": number,
            "has_overrides": bool(current_overrides()),
        }
        return self._page(request, "settings", "Change settings", context)

    def rollback_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Ask for confirmation and a reason, then restore the overrides of a revision."""
        _require_change(request)
        target = ConfigRevision.objects.filter(number=number).first()
        if target is None and number != 0:
            raise Http404(f"there is no revision {number}")
        form = RollbackForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                revision = config_rollback(
                    number=number,
                    reason=form.cleaned_data["reason"],
                    author=request.user.get_username(),
                    clock=bootstrap.system_clock(),
                )
            except TradingError as error:
                form.add_error(None, str(error).splitlines())
            else:
                return _to_revision(request, revision)
        overrides = target.overrides if target is not None else {}
        before = current_overrides()
        keys = sorted(key for key in {*before, *overrides} if before.get(key) != overrides.get(key))
        context = {
            "form": form,
            "number": number,
            "target": target,
            "diff_rows": _diff_rows({key: [before.get(key), overrides.get(key)] for key in keys}),
        }
        return self._page(request, "rollback", f"Roll back to revision {number}", context)

    def _save(self, request: HttpRequest, form: ConfigForm) -> HttpResponse | None:
        """Write the changed settings; None when the form has to be shown again."""
        base = request.POST.get(BASE_REVISION, "")
        try:
            revision = override_set(
                changes=form.changes(),
                reason=form.cleaned_data[REASON],
                author=request.user.get_username(),
                clock=bootstrap.system_clock(),
                expected_number=int(base) if base.isascii() and base.isdigit() else None,
            )
        except InvalidConfigError as error:
            form.add_problems(error)
        except TradingError as error:
            form.add_error(None, str(error))
        else:
            return _to_revision(request, revision)
        return None

    def _page(
        self,
        request: HttpRequest,
        name: str,
        title: str,
        context: dict[str, Any],
        status: int = 200,
    ) -> HttpResponse:
        everywhere = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(
            request, f"{TEMPLATES}/{name}.html", {**everywhere, **context}, status=status
        )


def _renewed(form: ConfigForm, resolved: Any, profiles: tuple[str, ...]) -> ConfigForm:
    """Return the form with what was typed, the newest values elsewhere and the same errors."""
    renewed = ConfigForm(resolved, profiles, data=form.refreshed_data())
    renewed.is_valid()
    for message in form.non_field_errors():
        renewed.add_error(None, message)
    return renewed


def _may_change(request: HttpRequest) -> bool:
    return request.user.has_perm("desk.add_configrevision")


def _require_change(request: HttpRequest) -> None:
    if not _may_change(request):
        raise PermissionDenied("changing settings needs the permission to add revisions")


def _diff_rows(diff: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(key, _diff_text(before), _diff_text(after)) for key, (before, after) in diff.items()]


def _diff_text(value: Any) -> str:
    return "not set" if value is None else value_text(value) or "empty"


def _to_revision(request: HttpRequest, revision: ConfigRevision) -> HttpResponse:
    waits: dict[str, list[str]] = {}
    for key in revision.diff:
        waits.setdefault(counts_when(key), []).append(key)
    when = "; ".join(f"{', '.join(keys)} {wait}" for wait, keys in waits.items())
    messages.success(request, f"Revision {revision.number} is in force. It counts: {when}.")
    return HttpResponseRedirect(reverse("admin:desk_configrevision_change", args=[revision.pk]))
