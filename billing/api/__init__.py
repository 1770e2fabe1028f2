"""`/api/subscription…`: what a member pays for, and has paid."""
