"""Published statistics with base, n and source, and comparisons with them."""

from toolkit.findings.comparison import benchmark
from toolkit.findings.register import load_crosswalk, load_findings

__all__ = ["benchmark", "load_crosswalk", "load_findings"]
