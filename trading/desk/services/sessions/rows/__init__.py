"""The rows a session writes: what stands in them, and the recorders that write them."""
