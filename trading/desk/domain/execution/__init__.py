"""From an intention to a booked result: orders, simulated matching, costs, positions, stops."""
