"""Published scales: codes and scoring without their words, and refused scales."""

from toolkit.instrument.published.adapters import Adapter, adapter_names, load_adapter
from toolkit.instrument.published.borrowing import bring_in
from toolkit.instrument.published.refused import REFUSED, refused_name

__all__ = ["REFUSED", "Adapter", "adapter_names", "bring_in", "load_adapter", "refused_name"]
