"""What is counted of requests and tasks, and /metrics, which tells of it."""
