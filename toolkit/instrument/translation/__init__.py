"""Translation sheets: every text of an instrument exported to a workbook, and languages imported."""

from toolkit.instrument.translation.checking import check_sheet, translated
from toolkit.instrument.translation.sheet import Sheet, read_sheet, write_sheet
from toolkit.instrument.translation.texts import Text, texts
from toolkit.instrument.translation.whole import write_instrument

__all__ = [
    "Sheet",
    "Text",
    "check_sheet",
    "read_sheet",
    "texts",
    "translated",
    "write_instrument",
    "write_sheet",
]
