"""Models of other libraries as expressions."""
