"""What every test may rely on."""

import os

from hypothesis import HealthCheck, settings

collect_ignore = ["interop"] if os.environ.get("CORRAL_NO_NODE") else []

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
