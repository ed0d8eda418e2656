"""Sizes, broadcasting, names, layouts and memory limits: what a shape is before there is anything to differentiate."""
