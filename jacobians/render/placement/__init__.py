"""Where the parts of a scene stand."""
