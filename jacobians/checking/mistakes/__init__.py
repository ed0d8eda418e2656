"""The catalogue of mistakes, each with the evidence that names it."""
