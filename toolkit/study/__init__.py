"""Studies: instruments, answers, organisations, policy, published figures and brand in one file."""

from toolkit.study.file import AAPOR_ITEMS, COMPUTED_AAPOR_ITEMS, Brand, StudyFile
from toolkit.study.loading import load_study
from toolkit.study.study import Study

__all__ = ["AAPOR_ITEMS", "COMPUTED_AAPOR_ITEMS", "Brand", "Study", "StudyFile", "load_study"]
