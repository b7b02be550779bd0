"""Where dust came from: wind as vectors, upwind and downwind points, sectors, the share of a site."""
