"""The HTTP API: the service's answers under ``/api/v1``. Neither PyTorch, SQL nor Gradio is used here."""
