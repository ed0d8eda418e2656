"""NumPy's own functions on expressions, through its `__array_ufunc__` and `__array_function__` protocols."""
