"""Live video calls in which people wear another face, openly."""
