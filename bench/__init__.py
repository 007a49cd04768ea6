"""Measure kodeweb on a large store: the generator, the bare SQL, the peers and the table."""
