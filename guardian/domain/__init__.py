"""Rules of watching and keeping the desk's processes; pure."""
