"""Codes of HJ 212 as data: factors, their units, and the window that each command number implies."""

from __future__ import annotations

import re

from ingest.codes import Code, Codes, others

# The frame never names a unit. Annex B prints ng/m3 for dust, devices send ug/m3 or mg/m3: ug/m3 is assumed
# unless the device's configuration says otherwise. Of several codes of one quantity the earlier is taken.
CODES: Codes = {
    "a34001": Code("tsp"),
    "a34002": Code("pm10"),
    "a34004": Code("pm2_5"),
    "a34005": Code("pm1"),
    "a01001": Code("temperature"),
    "a01002": Code("humidity"),
    "a01006": Code("pressure", "kPa"),
    "a01007": Code("wind_speed"),
    "a01008": Code("wind_direction"),
    "Leq": Code("noise"),
    "LA": Code("noise"),
    "a50001": Code("noise"),  # older code, Shanghai
    # A dialect seen under ST=52 and ST=43, of names instead of the standard's codes.
    "TSP": Code("tsp"),
    "PM10": Code("pm10"),
    "PM25": Code("pm2_5"),
    "PM2.5": Code("pm2_5"),
    "PM1": Code("pm1"),
    "T01": Code("temperature"),
    "H01": Code("humidity"),
    "P01": Code("pressure", "kPa"),
    "W02": Code("wind_speed"),
    "W01": Code("wind_direction"),
    "B03": Code("noise"),
    # Known, and nothing that is measured here.
    **others("R01", "Ldn", "Lmax", "Lmin", "L5", "L10", "L50", "L90", "L95", "SD", "Ld", "Ln", "LMx", "LMn"),
}
FACTOR_SPELLINGS = {code.casefold(): code for code in CODES}
# HJ 524 and HJ 525 give every pollutant a letter and five digits; 34 stands for particles in air. A code for
# anything else is known to be no dust.
OTHER_POLLUTANT = re.compile(r"[aw](?!34)[0-9]{5}")
# Items of CP beside the factors: names that the standard has, and the vendors' usual ones.
SINGLES = frozenset(
    {"DataTime", "Flag", "cpm", "RF", "longitude", "latitude", "lng", "lat", "ver", "USCC", "IMEI", "SN"}
)

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

# Command numbers of which the standard says that they carry no measurement (HJ 212-2017, 6.4).
NO_DATA = frozenset(
    {"1000", "2021", "2041", "2081", "3019", "3020", "3021", "9011", "9012", "9013", "9014", "9015"}
)
