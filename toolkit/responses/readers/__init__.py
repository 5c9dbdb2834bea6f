"""One module a platform: its export file in, one `Export` out."""

from toolkit.responses.readers.limesurvey import read_limesurvey
from toolkit.responses.readers.qualtrics import read_qualtrics
from toolkit.responses.readers.table import read_table

__all__ = ["read_limesurvey", "read_qualtrics", "read_table"]
