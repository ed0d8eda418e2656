"""What a name, a product and a derivative in a tree stand for."""
