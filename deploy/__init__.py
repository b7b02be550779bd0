"""Assembly and operation of dustwatch: its program, services, servers and machines."""
