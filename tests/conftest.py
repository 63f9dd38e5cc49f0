"""What every test may rely on."""

import os

collect_ignore = ["interop"] if os.environ.get("CORRAL_NO_NODE") else []
