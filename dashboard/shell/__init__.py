"""What every page stands in: the declaration of a page, the strip, panels, details, the socket."""
