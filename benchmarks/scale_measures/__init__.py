"""One module for each kind of thing that `benchmarks.scale` measures."""
