"""What the guardian can tell about the running desk."""
