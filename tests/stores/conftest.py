"""Generated input for the data side: no deadlines, a busy machine is no defect."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "stores", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("stores")
