"""Where decisions are made, carried out, recorded and explained."""
