"""Every read of billing that has a name."""
