"""A simulated county: deterministic dust, weather and faulty monitors, for the demo, soaks and tests."""
