"""One machine running everything: embedded servers, services, and the demo."""
