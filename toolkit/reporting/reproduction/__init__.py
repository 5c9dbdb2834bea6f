"""What can be proved of a published study, as one document: made from its published figures alone."""

from toolkit.reporting.reproduction.document import reproduction
from toolkit.reporting.reproduction.words import base_words, interval_words

__all__ = ["base_words", "interval_words", "reproduction"]
