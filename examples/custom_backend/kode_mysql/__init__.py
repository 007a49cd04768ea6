"""A store for kodeweb on MySQL and MariaDB: the worked example of ``docs/custom-stores.md``."""
