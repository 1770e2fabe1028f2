"""The pages to which Stripe sends people: they need no script, and lead back to the platform only."""
