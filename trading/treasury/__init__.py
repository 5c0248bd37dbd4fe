"""What becomes of money that was earned."""
