"""What the dashboard, the API and alerts read: figures with types and without HTML, from what is rolled up."""
