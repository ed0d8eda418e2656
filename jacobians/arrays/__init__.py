"""A Jacobian without its dense array: products, norms and diagonals, sparse arrays, linear operators."""
