"""Safety figures: what kodeweb does to an agent, to its files, and with hostile ones."""
