"""Serve the browser libraries straight from the pinned packages that carry them.

Nothing is copied into the repository, so the version a page loads is the version that
``requirements.txt`` names. Lightweight Charts is Apache 2.0 by TradingView; its page keeps the
attribution that its NOTICE asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage

# public name: (package, path inside the package)
VENDOR_FILES = {
    "vendor/plotly/plotly.min.js": ("plotly", "package_data/plotly.min.js"),
    "vendor/htmx/htmx.min.js": ("django_htmx", "static/django_htmx/htmx-2.min.js"),
    "vendor/lightweight-charts/lightweight-charts.js": ("litecharts", "js/lightweight-charts.js"),
}


@cache
def vendor_path(name: str) -> Path | None:
    """Return the file behind a public name, or None when the name is not one of ours.

    Raises:
        ImproperlyConfigured: the package does not carry the file.
    """
    if name not in VENDOR_FILES:
        return None
    package, inside = VENDOR_FILES[name]
    spec = find_spec(package)  # finds without importing: plotly alone takes a second
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        path = Path(folder) / inside
        if path.is_file():
            return path
    raise ImproperlyConfigured(f"package {package} has no {inside}; install requirements.txt")


class VendorStorage(FileSystemStorage):
    """Read-only storage whose names are the public names."""

    def path(self, name: str) -> str:
        """Return the place of the file on disk."""
        found = vendor_path(name)
        if found is None:
            raise FileNotFoundError(name)
        return str(found)


class VendorFinder(BaseFinder):
    """Finds exactly the files named above, nothing else of the packages."""

    storage = VendorStorage()

    def check(self, **kwargs: Any) -> list[Any]:
        """Report nothing: a missing file is an error when it is asked for."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the path of the file, or an empty list."""
        found = vendor_path(path)
        if found is None:
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        """Yield every public name with its storage."""
        for name in VENDOR_FILES:
            yield name, self.storage
