"""What people do on the platform, counted: events come in, are rolled up, and are shown to staff."""
