"""Sample stores of two seeds, each built once."""

import pytest

from stores.sample import make_sample_store
from tests.stores.sample.reading import NOW_MS, Sample, read_sample


@pytest.fixture(scope="package", params=[7, 11])
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    directory = tmp_path_factory.mktemp("sample") / "made"
    return read_sample(make_sample_store(directory, now_ms=NOW_MS, seed=request.param))
