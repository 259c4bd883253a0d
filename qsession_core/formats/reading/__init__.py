"""What the decoders of all formats share."""
