"""Who is enrolled: names, the SQL store with its migrations, and exact search for the nearest people."""
