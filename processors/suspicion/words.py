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

# Numbers of the evidence, and the features that are plotted.
NUMBERS: dict[str, Title] = {
    "against": Title("周边浓度", "level around"),
    "all_zero": Title("全为零（1 表示是）", "all zero (1: yes)"),
    "apart": Title("两点相对差（中位数）", "difference of both points, median"),
    "apart_90": Title("两点相对差（90%分位）", "difference of both points, 90 % quantile"),
    "apart_before": Title("此前两点相对差", "difference of both points before"),
    "astray": Title("时间戳不可用的读数", "readings with an unusable time stamp"),
    "astray_day": Title("24小时内时间戳不可用的读数", "readings of 24 h with an unusable time stamp"),
    "autocorrelation": Title("自相关系数", "autocorrelation"),
    "background_before": Title("断线前背景值", "background before the silence"),
    "by_chance": Title("偶然出现的概率", "probability by chance"),
    "ceiling": Title("封顶值", "ceiling"),
    "deviation": Title("标准差", "standard deviation"),
    "dip": Title("降幅比", "dip"),
    "drift": Title("小时均值变化幅度", "drift of the hourly means"),
    "drift_by_chance": Title("随机情形下的变化幅度", "drift to be expected by chance"),
    "fine_share": Title("PM2.5占PM10比例", "PM2.5 / PM10"),
    "fine_share_change": Title("PM2.5占比变化倍数", "change of PM2.5 / PM10"),
    "flat_share": Title("最小值、均值、最大值相同的占比", "share with minimum = average = maximum"),
    "factor": Title("K值", "mass factor K"),
    "gaps": Title("断线次数", "gaps"),
    "gaps_begun_high": Title("高值时断线次数", "gaps that began at high values"),
    "greatest": Title("PM10最大值", "greatest PM10"),
    "greatest_residual": Title("最大拟合残差", "greatest residual"),
    "hours": Title("持续小时数", "hours"),
    "hours_at_ceiling": Title("达到封顶值的小时数", "hours at the ceiling"),
    "hours_looked_at": Title("核查小时数", "hours looked at"),
    "hours_with_pile": Title("在封顶值堆积的小时数", "hours with a pile at the ceiling"),
    "humidity": Title("相对湿度", "relative humidity"),
    "humidity_jump": Title("湿度骤升", "jump of humidity"),
    "k_after": Title("现K值", "K now"),
    "k_before": Title("原K值", "K before"),
    "lag": Title("接收时间与设备时间之差", "time of receipt - device time"),
    "lag_span": Title("该差值的波动", "span of it"),
    "least": Title("PM10最小值", "least PM10"),
    "level": Title("PM10水平", "level of PM10"),
    "low_ratio_fall": Title("低值段比值变化倍数", "change of the ratio at low values"),
    "mean": Title("PM10均值", "mean PM10"),
    "neighbours_fall": Title("周边监测点变化倍数", "change at the neighbours"),
    "neighbours_jump": Title("周边湿度骤升", "jump of humidity at the neighbours"),
    "pm10": Title("PM10均值", "mean PM10"),
    "pm10_before": Title("断线前PM10", "PM10 before the silence"),
    "quarters": Title("比对的15分钟数", "quarters of an hour compared"),
    "ratio": Title("与周边之比", "ratio to the surroundings"),
    "ratio_after": Title("现与背景之比", "ratio to the background now"),
    "ratio_before": Title("此前与背景或周边之比", "ratio before"),
    "ratio_fall": Title("比值变化倍数", "change of the ratio"),
    "reference": Title("背景值", "background"),
    "reference_drift": Title("背景值变化幅度", "drift of the background"),
    "rise_before": Title("断线前上升倍数", "rise before the silence"),
    "roughness": Title("15分钟均值波动", "step from quarter to quarter"),
    "slope": Title("TSP对PM10的斜率", "slope of TSP on PM10"),
    "slope_spread": Title("斜率变化幅度", "spread of the slope"),
    "spread": Title("离散系数", "standard deviation / mean"),
    "spread_change": Title("离散系数变化倍数", "change of the spread"),
    "steps_apart": Title("两点波动之差", "difference of the steps"),
    "sudden_fall": Title("15分钟内变化倍数", "fall within a quarter of an hour"),
    "tsp_residual": Title("TSP拟合残差", "residual of TSP on PM10"),
    "tsp_slope": Title("TSP对PM10的斜率", "slope of TSP on PM10"),
    "twin": Title("相同数据的监测设备", "monitor with the same values"),
    "usual_lag": Title("平常的差值", "usual difference"),
    "value": Title("恒定值", "constant value"),
}
