"""Published scales: codes and scoring without their words, and refused scales."""

from toolkit.instrument.published.borrowing import (
    REFUSED,
    Adapter,
    adapter_names,
    bring_in,
    load_adapter,
    refused_name,
)

__all__ = ["REFUSED", "Adapter", "adapter_names", "bring_in", "load_adapter", "refused_name"]
