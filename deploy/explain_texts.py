"""The words of `dustwatch explain` in Chinese and English: a table, language by language."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("zh", "en")

TEXTS: Mapping[str, tuple[str, str]] = {
    # heads of lines
    "verdict": ("判定", "verdict"),
    "interval_id": ("时段均值", "interval"),
    "breach": ("超标事件", "breach"),
    "suspicion": ("疑似事件", "suspicion"),
    "place": ("地点", "place"),
    "of": ("工地 {site} {name}，设备 {device}", "site {site} {name}, device {device}"),
    "period": ("时段", "period"),
    "span": ("{start} 至 {end}（{zone}）", "{start} to {end} ({zone})"),
    "instant": ("{start}（{zone}）", "{start} ({zone})"),
    "rule": ("规则", "rule"),
    "rule_of": ("{rule}，修订 {revision}：{title}", "{rule}, revision {revision}: {title}"),
    "clause": ("{citation}：{clause}", "{citation}: {clause}"),
    "status": ("依据", "source"),
    "asks": ("要求", "asks"),
    "configuration": ("配置", "configuration"),
    "in_force": ("{id}，自 {at} 起生效", "{id}, in force from {at}"),
    "applied_by": ("，由 {by} 发布", ", applied by {by}"),
    "applied_for": ("，原因：{reason}", ", reason: {reason}"),
    "readings": ("读数", "readings"),
    "readings_of": (
        "{pollutant}（ug/m3）：{all} 条，其中 {admitted} 条可用",
        "{pollutant} (ug/m3): {all}, of which {admitted} were admitted",
    ),
    "known_before": ("；只计 {at} 之前收到的", "; received before {at}"),
    "not_admitted": ("不计入：{why}", "not admitted: {why}"),
    "more_readings": ("……另有 {count} 条，用 --all 全部列出", "... {count} more, all of them with --all"),
    "mean_over": ("{seconds} 秒均值", "mean over {seconds} s"),
    "slots": ("时隙", "slots"),
    "hours": ("小时", "hours"),
    "captured": (
        "{covered}/{expected}，捕获率 {capture}（要求不低于 {least}）",
        "{covered} of {expected}, capture {capture} (at least {least} asked)",
    ),
    "captured_only": ("{covered}/{expected}，捕获率 {capture}", "{covered} of {expected}, capture {capture}"),
    "slot": ("{start}  {mean}（{values} 条）", "{start}  {mean} (of {values})"),
    "no_slots": (
        "设备间隔 {interval} 秒不能整除时段",
        "the device's interval of {interval} s does not divide the window",
    ),
    "background": ("背景值", "background"),
    "station": (
        "{station} {value}（记录 {id}，{at} 收到）",
        "{station} {value} (record {id}, received {at})",
    ),
    "station_mean": ("平均 {mean}；可扣除上限 {cap}", "mean {mean}; at most {cap} may be subtracted"),
    "station_mean_uncapped": ("平均 {mean}；无扣除上限", "mean {mean}; subtracted whole"),
    "orders": ("指令", "orders"),
    "order": ("{kind} {level} {place}：{start} 起至 {end}", "{kind} {level} {place}: {start} to {end}"),
    "until_further": ("另行通知", "further notice"),
    "arithmetic": ("算式", "arithmetic"),
    "mean_is": ("{sum} / {count} = {value}", "{sum} / {count} = {value}"),
    "max_is": ("{count} 个时隙均值的最大值 = {value}", "greatest of {count} slot means = {value}"),
    "percentile_is": (
        "{count} 个时隙均值的第 {percentile} 百分位 = {value}",
        "percentile {percentile} of {count} slot means = {value}",
    ),
    "count_is": (
        "{count} 个时隙均值中高于 {above} 的 = {value}",
        "of {count} slot means above {above} = {value}",
    ),
    "day_is": (
        "当日 {all} 个时段中 {count} 个超标；{words}",
        "of {all} intervals of the day {count} exceed; {words}",
    ),
    "answer": ("结论", "answer"),
    "because": ("（{reasons}）", " ({reasons})"),
    "revisions": ("修订", "revisions"),
    "revision": ("第 {number} 次，{at}：{answer}", "{number}, {at}: {answer}"),
    "superseded": ("，被第 {number} 次取代", ", superseded by {number}"),
    "this_one": ("  ← 本条", "  <- this one"),
    "breaches": ("事件", "breaches"),
    "event": ("{at} {event}：{id}，级别 {level}", "{at} {event}: {id}, level {level}"),
    "silent": ("无声", "silent"),
    "silent_since": ("最后一次收到数据（或配置生效）：{at}", "last heard (or configured) {at}"),
    "pattern": ("疑点", "pattern"),
    "pattern_is": (
        "{title}（判据为本项目建议，无标准规定）",
        "{title} (judged by what this project proposes: no standard names it)",
    ),
    "numbers": ("证据", "evidence"),
    "number_is": ("{name}：{value}", "{name}: {value}"),
    "guards": ("排除", "guards"),
    "guard_is_none": ("{name}：{seen}，不足以解释", "{name}: {seen}, explains nothing"),
    "guard_explains": ("{name}：{seen}，可以解释", "{name}: {seen}, explains it"),
    "confidence": ("把握", "confidence"),
    "confidence_is": (
        "{percent}%（排序用，不是造假的概率）",
        "{percent} % (to order by; no probability of fraud)",
    ),
    "hourly": ("逐时", "hours"),
    "hours_of": (
        "{name}（{unit}），最近 {count} 小时：{values}",
        "{name} ({unit}), last {count} h: {values}",
    ),
    "means": ("性质", "means"),
    "a_person_decides": (
        "疑似，并非认定；由人到现场核查后决定",
        "suspected, nothing is established; a person decides after a check on site",
    ),
    "rests": ("所据判定", "verdicts"),
    "rest": ("{rule} {answer}：{id}", "{rule} {answer}: {id}"),
    "check": ("复核", "check"),
    "agrees": (
        "由历史数据重新计算，与存档一致",
        "worked out again from history: it agrees with what was stored",
    ),
    "differs": ("重新计算与存档不一致：{what}", "worked out again it differs from what was stored: {what}"),
    "difference": ("{name} 算得 {ours}，存档为 {stored}", "{name} is {ours}, stored was {stored}"),
    "cannot": ("历史数据不足，无法重新计算", "history lacks what it takes to work it out again"),
    "lacking": ("历史缺失", "lacking"),
    # what a rule asks
    "ask_window": ("{window} {statistic}", "{statistic} over {window}"),
    "ask_limit": ("限值 {limit}", "limit {limit}"),
    "ask_background": ("扣除区域 {area} 的背景值", "less the background of area {area}"),
    "ask_cap": ("最多扣除 {cap}", "at most {cap} of it"),
    "ask_allowance": ("每日允许超标 {allowance} 次", "{allowance} a day are allowed"),
    "ask_capture": ("捕获率不低于 {least}", "capture at least {least}"),
    # what history lacks
    "lack:configuration": (
        "配置 {id}：其规则、设备间隔、背景上限不明",
        "configuration {id}: its rules, the device's interval and the cap are not known",
    ),
    "lack:piece": ("配置 {id} 中的 {kind} {name}", "{kind} {name} of configuration {id}"),
    "lack:readings": ("该时段的读数", "readings of the period"),
    "lack:rulings": (
        "早先的修订（旧版本未保存）",
        "earlier revisions (an older version kept the latest only)",
    ),
    "lack:interval": (
        "时段均值 {id}（已被取代，历史只保留最新）",
        "interval {id} (superseded; history keeps the latest)",
    ),
    "lack:background": ("背景记录 {id}", "background record {id}"),
    "lack:background_ids": ("所用背景记录的编号", "which background records were used"),
    "lack:parts": ("当日各时段的判定", "the verdicts of the day's intervals"),
    "lack:verdict": ("判定 {id}", "verdict {id}"),
    "lack:no_opening": ("事件的开始", "how the breach was opened"),
    # answers, levels, kinds
    "compliant": ("达标", "compliant"),
    "exceeds": ("超标", "exceeds"),
    "undetermined": ("无法判定", "undetermined"),
    "opened": ("开始", "opened"),
    "amended": ("更正", "amended"),
    "closed": ("结束", "closed"),
    "status:read": ("已核对原文", "read in the standard itself"),
    "status:reported": ("据转述，原文未核对", "reported by others; the text itself was not read"),
    "status:recalled": (
        "凭记忆，须确认后方可据以处理",
        "recalled from memory; to be confirmed before anyone is held to it",
    ),
    "statistic:mean": ("均值", "mean"),
    "statistic:max": ("最大值", "maximum"),
    "statistic:percentile": ("百分位数", "percentile"),
    "statistic:count": ("超过次数", "count"),
    "why:after": ("判定之后才收到", "received after the decision"),
    "why:conflict": ("与同一时刻的另一条相矛盾", "contradicts another of the same time"),
    "why:maintenance": ("维护或校准期间", "during maintenance or calibration"),
    "why:late": ("到达过迟", "came too late"),
    "why:future": ("时间在未来", "from the future"),
    "why:unknown_device": ("设备不在配置中", "of a device that was not configured"),
    "why:unjudged": ("尚无配置", "before any configuration"),
    "why:check": ("质量检查 {check}", "quality check {check}"),
    "value": ("数值", "value"),
    "capture": ("捕获率", "capture"),
    # reasons of answers
    "low_capture": ("数据不足", "low capture"),
    "no_data": ("没有可用数据", "no admitted value"),
    "no_background": ("背景值未知", "no background"),
    "device_silent": ("设备无声", "device silent"),
    "never_seen": ("设备从未上线", "device never seen"),
    "interval_exceeds_window": ("设备间隔不合时段", "interval does not fit the window"),
    "values_not_admitted": ("部分数据不可用", "values not admitted"),
    "log_gap": ("日志有缺口", "gap in the log"),
    "undetermined_hours": ("未判定的时段可能超出允许次数", "undetermined hours could exceed the allowance"),
    "allowance_exceeded": ("超出每日允许次数", "allowance exceeded"),
    "within_allowance": ("在每日允许次数之内", "within the allowance"),
    "instant_above": ("单个读数超标", "single value above the limit"),
    "clear": ("已恢复", "clear"),
    "device_removed": ("设备已不在配置中", "device no longer configured"),
    "rule_suspended": ("规则被指令暂停", "rule suspended by an order"),
    "rule_removed": ("配置中已无此规则", "rule no longer configured"),
    "suspected": ("疑似，待现场核查", "suspected, to be checked on site"),
    "suspicion_over": ("疑点已消失", "no longer found"),
    "device_returned": ("设备恢复", "device returned"),
}


def text(language: str, key: str, **words: object) -> str:
    """The words of a key; a key that the table lacks stands for itself (a reason of a later version)."""
    found = TEXTS.get(key)
    return found[LANGUAGES.index(language)].format(**words) if found else key.removeprefix("why:")


def language_of(asked: str | None, county: str) -> str:
    """`zh` or `en`: as asked for, else by the county's language."""
    return asked or ("en" if county.startswith("en") else "zh")
