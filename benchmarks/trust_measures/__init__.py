"""What is to be shown of consent, disclosure and marks, a measure a module; `benchmarks.trust` runs them."""
