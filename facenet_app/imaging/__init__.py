"""Pictures: decoded safely, aligned, measured and drawn on."""
