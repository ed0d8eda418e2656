"""What the subcommands do: each finds its results first, as data, and then writes them as text or JSON."""
