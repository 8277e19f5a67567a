"""What the pictures show: models, tracks, and what is told of them."""
