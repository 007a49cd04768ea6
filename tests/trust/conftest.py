"""What the safety tests share."""

from collections.abc import Callable

import pytest

from tests.trust.figures import KEY, Say


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Say:
    """Return what states a figure: it is printed when the run ends."""
    return lambda figure: record_property(KEY, figure)
