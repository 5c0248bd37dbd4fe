"""What the operator sees: pages, sockets and charts, without rules of their own."""
