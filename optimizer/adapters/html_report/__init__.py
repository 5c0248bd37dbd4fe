"""The report as one HTML file that opens from a disk, without a network."""

from optimizer.adapters.html_report.folder import RunFolder
from optimizer.adapters.html_report.page import HtmlReport

__all__ = ["HtmlReport", "RunFolder"]
