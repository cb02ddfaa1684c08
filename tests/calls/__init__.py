"""Calls between real WebRTC peers, and the installations they need."""
