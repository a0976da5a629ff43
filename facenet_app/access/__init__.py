"""Who may do what: keys of the API, users of the page, and who is asking right now."""
