"""Codes of HJ 212 as data: factors, their units, and the window that each command number implies."""

from __future__ import annotations

# Factor code -> our quantity. Where several name one quantity, the earlier in the list is taken.
FACTORS: dict[str, str] = {
    "a34001": "tsp",
    "a34002": "pm10",
    "a34004": "pm2_5",
    "a34005": "pm1",
    "a01001": "temperature",
    "a01002": "humidity",
    "H01": "humidity",  # seen under ST=43 in place of a01002
    "a01006": "pressure",
    "a01007": "wind_speed",
    "a01008": "wind_direction",
    "Leq": "noise",
    "LA": "noise",
    "a50001": "noise",  # older code, Shanghai
}
CODES_OF: dict[str, tuple[str, ...]] = {
    quantity: tuple(code for code, named in FACTORS.items() if named == quantity)
    for quantity in FACTORS.values()
}
FACTOR_SPELLINGS = {code.casefold(): code for code in FACTORS}

# The frame never names a unit. Annex B prints ng/m3 for dust, devices send ug/m3 or mg/m3:
# ug/m3 is assumed unless the device's configuration says otherwise.
DEFAULT_UNITS: dict[str, str] = {"pressure": "kPa"}

# The standard's unit for a01006 is kPa, but it has been seen holding a temperature, 0 and 4.0. The air
# above the highest county seats (4,900 m) presses with 55 kPa, above the Turpan basin with 104 kPa.
LEAST_PRESSURE_HPA, GREATEST_PRESSURE_HPA = 520.0, 1090.0

# Command number -> length in seconds of the window that DataTime begins; 2011 and 2021 sample an instant.
# 2051 has no entry: its length is the device's own (`DevicePolicy.minute_s`).
WINDOW_S: dict[str, int] = {"2061": 3600, "2031": 86400, "2041": 86400}
MINUTE_DATA = "2051"

# Fields that may hold the value of a window, or of an instant, the best first.
OF_WINDOW = ("Avg", "Rtd", "Data")
OF_INSTANT = ("Rtd", "Avg", "Data")
FIELD_SPELLINGS = {
    name.casefold(): name
    for name in (
        *("Rtd", "Min", "Avg", "Max", "Cou", "Flag", "EFlag", "SampleTime"),
        *("Data", "DayData", "NightData", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax"),
    )
}
NORMAL = "N"
