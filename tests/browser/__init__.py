"""Real calls in real browsers against a real service."""
