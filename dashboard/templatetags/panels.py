"""Put a page's panels into its template: where each stands, and what it says now."""

from __future__ import annotations

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def panel_at(context: Context, name: str) -> SafeString:
    """Return the attributes of the element a panel stands in: its id, and when it asks anew."""
    panel = context["panels"][name]
    place = format_html(
        'id="panel-body-{}" data-panel="{}" data-news="{}"', name, name, " ".join(panel.news)
    )
    return format_html('{} data-pause="{}"', place, panel.pause_ms) if panel.pause_ms else place


@register.simple_tag(takes_context=True)
def panel(context: Context, name: str) -> str:
    """Return what a panel says now, read from the page's look."""
    html: str = context["panels"][name].html(context["look"])
    return html
