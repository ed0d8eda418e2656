"""The functions that build expressions: operators, activations, products, indexing, reductions, linear algebra."""
