"""Published findings with their base, n and source, and how an organisation compares with them."""

from toolkit.findings.comparison import benchmark
from toolkit.findings.register import load_findings

__all__ = ["benchmark", "load_findings"]
