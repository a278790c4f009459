"""Messages of our own WebSockets: worker link and watch feed."""
