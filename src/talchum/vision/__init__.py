"""Arrays in, arrays out: the face pipeline."""
