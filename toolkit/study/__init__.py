"""Studies: instruments, answers, organisations, policy, published figures and brand in one file."""

from toolkit.study.file import AAPOR_ITEMS, COMPUTED_AAPOR_ITEMS, Brand, StudyFile
from toolkit.study.study import Study, load_study

__all__ = ["AAPOR_ITEMS", "COMPUTED_AAPOR_ITEMS", "Brand", "Study", "StudyFile", "load_study"]
