"""Live video calls in which people wear another face, openly."""

import os

# ONNX Runtime reports to Microsoft and keeps a name for this machine in the cache directory unless this
# is set before it is loaded (its Privacy.md); whatever imports it within this package comes after this.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
