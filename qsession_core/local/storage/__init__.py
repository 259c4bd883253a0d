"""What the local workspace keeps: the database, blobs, signed addresses."""
