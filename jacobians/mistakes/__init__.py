"""The mistakes people make with derivatives, each an entry: its name, and what it makes of the right derivative."""
