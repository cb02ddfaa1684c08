"""Tests, laid out as `src/talchum` is, and the networks, browsers and calls they need."""
