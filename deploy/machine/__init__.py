"""Everything of one machine: embedded servers, services, and the demo."""
