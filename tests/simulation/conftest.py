"""The small instrument and the files written for it, as the tests of platforms have them."""

from tests.platforms.conftest import limesurvey, qualtrics, tiny  # noqa: F401
