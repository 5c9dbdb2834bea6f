"""Published scales: codes and scoring of those whose words may not be shipped, and those that are refused."""

from toolkit.instrument.published.adapters import Adapter, adapter_names, load_adapter
from toolkit.instrument.published.borrowing import bring_in
from toolkit.instrument.published.refused import REFUSED, refused_name

__all__ = ["REFUSED", "Adapter", "adapter_names", "bring_in", "load_adapter", "refused_name"]
