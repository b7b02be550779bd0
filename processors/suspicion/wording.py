"""Words for suspected falsification (疑似) in Chinese and English: guards, features, numbers."""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    """A text in Chinese and English."""

    zh_CN: str
    en: str


GUARDS: dict[str, Wording] = {
    "fog": Wording("雨雾或湿度高于90%", "rain, fog, or humidity above 90 %"),
    "maintenance": Wording("校准或维护（标记C、M）", "calibration or maintenance (flags C, M)"),
    "night_rest": Wording("夜间停工", "site at rest at night"),
    "quiet_air": Wording("空气清洁平稳", "clean and still air"),
    "watering": Wording("现场洒水抑尘", "watering of the site"),
    "common_outage": Wording("区域性断网断电", "outage of the area"),  # of what was told before November 2026
    "sensor_ceiling": Wording("传感器量程上限", "the sensor's own ceiling"),
    "backlog": Wording("断网后补传", "a backlog after an outage"),
}

# Features of an hour, and numbers of the evidence that several patterns have; a pattern brings its own.
SHARED_NUMBERS: dict[str, Wording] = {
    "astray": Wording("时间戳不可用的读数", "readings with an unusable time stamp"),
    "autocorrelation": Wording("自相关系数", "autocorrelation"),
    "deviation": Wording("标准差", "standard deviation"),
    "fine_share": Wording("PM2.5占PM10比例", "PM2.5 / PM10"),
    "flat_share": Wording("最小值、均值、最大值相同的占比", "share with minimum = average = maximum"),
    "factor": Wording("K值", "mass factor K"),
    "greatest": Wording("PM10最大值", "greatest PM10"),
    "hours": Wording("持续小时数", "hours"),
    "humidity": Wording("相对湿度", "relative humidity"),
    "humidity_jump": Wording("湿度骤升", "jump of humidity"),
    "lag": Wording("接收时间与设备时间之差", "time of receipt - device time"),
    "lag_span": Wording("该差值的波动", "span of it"),
    "least": Wording("PM10最小值", "least PM10"),
    "mean": Wording("PM10均值", "mean PM10"),
    "pm10": Wording("PM10均值", "mean PM10"),
    "ratio_before": Wording("此前与背景或周边之比", "ratio before"),
    "reference": Wording("背景值", "background"),
    "spread": Wording("离散系数", "standard deviation / mean"),
    "tsp_residual": Wording("TSP拟合残差", "residual of TSP on PM10"),
    "tsp_slope": Wording("TSP对PM10的斜率", "slope of TSP on PM10"),
}
