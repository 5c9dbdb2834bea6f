"""Reports on published studies: what their published statistics can and cannot prove."""

from toolkit.reporting.reproduction.document import reproduction
from toolkit.reporting.reproduction.words import base_words, interval_words

__all__ = ["base_words", "interval_words", "reproduction"]
