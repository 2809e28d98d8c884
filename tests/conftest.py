"""What every test may lean on: one reproducible way of drawing examples, local real data, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Before torch is loaded: several test processes share the cores, and threads that wait by spinning take them away.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

settings.register_profile("reproducible", derandomize=True, deadline=None, database=None)
settings.load_profile("reproducible")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder for the tests alone, also for the processes that they start."""
    home = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        yield home


@pytest.fixture(scope="session")
def coco128_yaml() -> Path:
    """COCO128 in the Ultralytics layout: local real data, which not every checkout has beside it."""
    path = REPOSITORY.parent / "shared" / "data" / "coco128" / "coco128.yaml"
    if not path.is_file():
        pytest.skip("local real data: ../shared/data/coco128 is not there")
    return path


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """A real Chromium; without one a test is skipped, but never on CI, where it must be installed."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("chromium: expected on CI's PATH, found none; .ci/run must install it")
    if found is None:
        pytest.skip("no Chromium on the PATH")
    return Path(found)
