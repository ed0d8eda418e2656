"""The nodes of an expression graph, the algebra of their einsum terms, and index maps."""
