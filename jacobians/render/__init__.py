"""Pictures: one scene of what is shown, drawn as text, SVG and HTML."""
