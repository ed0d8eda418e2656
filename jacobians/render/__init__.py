"""Pictures: scenes (what is shown), placement (where), output (SVG, PNG, text, HTML)."""
