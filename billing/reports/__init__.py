"""What the business brings in: figures that staff can trust, each defined in docs/billing.md. Reads only."""
