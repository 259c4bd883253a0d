"""Programs that measure, branch and err, followed shot by shot or many shots at once."""
