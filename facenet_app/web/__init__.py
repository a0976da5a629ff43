"""The page: plain handlers, their results as HTML, and the Gradio components that show them."""
