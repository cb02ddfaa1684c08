"""Measurements of this checkout on this machine; results/ holds what they wrote."""
