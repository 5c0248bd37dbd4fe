"""What is traded and how it moved: instruments, bars, the ring buffer, quality."""
