"""Page objects: they own the selectors and the waits, so that tests read as a story."""
