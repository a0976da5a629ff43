"""The server: page and API as one application, what guards them, and starting it."""
