"""Titles and guards of suspected falsification in Chinese and English; always "suspected" (疑似)."""

from __future__ import annotations

from typing import NamedTuple


class Title(NamedTuple):
    """A pattern's title."""

    zh_CN: str
    en: str


TITLES: dict[str, Title] = {
    "mass_factor": Title("疑似调低质量浓度系数K值", "Suspected: mass factor K lowered"),
    "spray": Title("疑似向采样口喷水", "Suspected: water sprayed at the inlet"),
    "cover": Title("疑似遮挡采样口", "Suspected: inlet covered"),
    "ceiling": Title("疑似软件封顶", "Suspected: values capped in software"),
    "random_band": Title("疑似以随机“达标”数据替换", "Suspected: readings replaced by random good values"),
    "computed_tsp": Title("疑似由PM10推算TSP", "Suspected: TSP computed from PM10"),
    "flat_means": Title("疑似以实时值冒充均值", "Suspected: real-time values relabelled as means"),
    "stuck": Title("疑似数据恒定或全零", "Suspected: stuck or all zero"),
    "offline_when_polluted": Title("疑似污染时段人为断线", "Suspected: taken offline when polluted"),
    "moved_together": Title("疑似监测点位挪移至一处", "Suspected: two monitors moved together"),
    "clock": Title("疑似篡改设备时钟", "Suspected: device clock changed"),
}

GUARDS: dict[str, Title] = {
    "fog": Title("雨雾或湿度高于90%", "rain, fog, or humidity above 90 %"),
    "maintenance": Title("校准或维护（标记C、M）", "calibration or maintenance (flags C, M)"),
    "night_rest": Title("夜间停工", "site at rest at night"),
    "quiet_air": Title("空气清洁平稳", "clean and still air"),
    "watering": Title("现场洒水抑尘", "watering of the site"),
    "common_outage": Title("区域性断网断电", "outage of the area"),
    "sensor_ceiling": Title("传感器量程上限", "the sensor's own ceiling"),
    "backlog": Title("断网后补传", "a backlog after an outage"),
}
