"""Processes: they read settings, wire the rooms together and run."""
