"""The local rules and the chain rule: reverse, forward and elimination orders, and the order of a contraction."""
