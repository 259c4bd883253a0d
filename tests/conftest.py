"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long a case takes says nothing on a busy machine; speed is measured in benchmarks/
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
