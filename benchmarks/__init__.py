"""The benchmark suite: explicit against hand-written derivatives. `python -m benchmarks` from a checkout."""
