"""What the API says of itself: `/api/schema` for programs, `/api/docs` for people."""
