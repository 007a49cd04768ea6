"""A store to look at: 80 sessions that tell of real work, in the SDK's exact format."""

from stores.sample.build import make_sample_store

__all__ = ["make_sample_store"]
