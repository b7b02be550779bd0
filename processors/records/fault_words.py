"""Words for the reasons of a device's fault, by code and language: the one place where they stand.

The list of reasons, the explanation of a verdict and the desk take them from here; messages too, but for the
few in which a pollutant or a key is named (`alerts/messages/words.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = (
    ("absent", "设备在线，监测参数缺失", "a pollutant stays away while the device speaks"),
    ("failing", "数据持续未通过质量检查", "its values keep failing the quality checks"),
    ("clock_half_day", "设备时钟差 12 小时", "its clock is twelve hours off"),
    ("clock_zone", "设备时钟差一个时区", "its clock is off by the time zone"),
    ("clock_calendar", "设备日期的月和日颠倒", "day and month of its date are exchanged"),
    ("clock_year", "设备时钟差一年", "its clock is a year off"),
    ("clock_before_2000", "设备时钟停在 2000 年以前", "its clock stands before the year 2000"),
    ("clock_unreadable", "设备时间无法识别", "its times can't be read"),
    ("clock_refused", "设备时间偏差过大，数据未采用", "its times are so far off that its data is refused"),
    (
        "contradictions",
        "同一时刻收到互相矛盾的数据",
        "values that contradict each other come for one instant",
    ),
    (
        "identity_refused",
        "有其他来源以其编号发送数据，已拒收",
        "somebody else sent under its name and was refused",
    ),
    ("unknown_code", "只发送含义未知的参数", "it sends codes that nobody has explained"),
    ("good_value", "已收到正常数据", "good data has come again"),
)
FAULT_WORDS: Mapping[str, Mapping[str, str]] = {code: {"zh": zh, "en": en} for code, zh, en in _WORDS}
