"""Printers: from programs to the text of a language."""
