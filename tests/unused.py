"""What seems unused to vulture, and who uses it: `make lint` fails for anything else that nothing calls."""

# pages and messages: templates of Jinja2 read these
net
silent_devices
case_groups
shows_level
borders
scale
listed_tasks
soon
zone_name
feature
unit_of_evidence
iso
ago
newest_held
violations
list_link
typed
grid_cell
permit
made_at
approved_by
ended_by
ended_reason

# the framework calls or reads these: click, ctypes, http.server, paho-mqtt, pydantic, sqlite3
freeze_panes  # openpyxl
font
number_format
list_commands
get_command
format_commands
daemon_threads
argtypes
restype
do_GET
log_message
args
model_config
isolation_level
prepare
max_packets
_last_bytes_received
on_disconnect
on_message
on_subscribe
on_unsubscribe
on_publish
on_socket_close
on_socket_register_write
on_socket_unregister_write
SessionExpiryInterval
ReceiveMaximum

# revisions of the case store: alembic reads the one, and the other is for those that change a table
down_revision
rebuilt

# written into rows, records or files as fields, by their names
acknowledged_at
acknowledged_by
actor
withheld_until
finished_at
created_by
conflicting
differs
if_measured
area_m2

# documents are made of these, and a test holds them equal
diagram
check_lines
PERMISSIONS
matrix
REJECTION_CODES
NEWS

# the life cycle of a case, which store, planner and desk are still to be built on
UNITS
SECTIONS
form_of
shown_fields
life_of_before
import_of
flaws_of
is_new
moved_from
place_hours
LIFE_STATES
LIFE_COMMANDS
LIFE_REFUSALS
LIFE_WAYS_OUT
LIFE_ENDS
LIFE_WATCHES
body_of_case
case_from_body
taken_by
signed_by
overrun
time_paused
seen_at
wakes_at
record_from_body
first_flaw
time_in_states

# tests look at these to see what happened; nothing in the product depends on them
restarts
kept_points
FAUST

# the other half of what is written: for whoever reads quarantined points again
point_from_json

# the index of HJ 633, held against the standard's own table: a library function, no page shows it yet
iaqi
HJ_633_2012

# read by position where a result of decoding is taken apart
said_at

# columns of the ledger, read by their names
submitted_at
reworked
appealed
upheld
postponed
transferred
