"""Reading: text in the notation people write becomes a tree that knows its places, and the tree an expression."""
