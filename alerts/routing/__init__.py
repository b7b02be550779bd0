"""Who is told of what: `forms` of routing.yaml and channels.yaml, and `who` decides."""
