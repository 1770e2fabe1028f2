"""What backups need of the outside world: PostgreSQL's programs, a key, and a place to lie in."""
