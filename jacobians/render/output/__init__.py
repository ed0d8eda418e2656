"""A placed scene as SVG, HTML or text."""
