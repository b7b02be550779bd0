CREATE TABLE public.attempts (
    n bigint NOT NULL,
    message text NOT NULL,
    number integer NOT NULL,
    owner text NOT NULL,
    started_at bigint NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    receipt text NOT NULL,
    finished_at bigint,
    possible_repeat boolean NOT NULL
);
CREATE SEQUENCE public.attempts_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.attempts_n_seq OWNED BY public.attempts.n;
CREATE TABLE public.case_events (
    n bigint NOT NULL,
    id text NOT NULL,
    "case" text NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    before text,
    after text NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    data json NOT NULL
);
CREATE SEQUENCE public.case_events_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.case_events_n_seq OWNED BY public.case_events.n;
CREATE TABLE public.cases (
    n bigint NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    level text NOT NULL,
    site text NOT NULL,
    device text NOT NULL,
    title text NOT NULL,
    rule text NOT NULL,
    opened_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    breach text,
    fault text,
    parent text,
    deadline bigint,
    recovered_at bigint,
    acknowledged_at bigint,
    acknowledged_by text,
    closed_at bigint,
    hold_until bigint,
    tell boolean NOT NULL,
    delayed boolean NOT NULL,
    data json NOT NULL
);
CREATE SEQUENCE public.cases_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.cases_n_seq OWNED BY public.cases.n;
CREATE TABLE public.dustwatch_schema (
    version integer NOT NULL
);
CREATE SEQUENCE public.dustwatch_schema_version_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dustwatch_schema_version_seq OWNED BY public.dustwatch_schema.version;
CREATE TABLE public.messages (
    n bigint NOT NULL,
    id text NOT NULL,
    "case" text NOT NULL,
    kind text NOT NULL,
    step text NOT NULL,
    recipient text NOT NULL,
    way text NOT NULL,
    channel text NOT NULL,
    target json NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,
    link text NOT NULL,
    covers json NOT NULL,
    data json NOT NULL,
    created_at bigint NOT NULL,
    written_at bigint NOT NULL,
    state text NOT NULL,
    due_at bigint NOT NULL,
    tries integer NOT NULL,
    owner text,
    lease_until bigint,
    done_at bigint,
    receipt text NOT NULL,
    reason text NOT NULL
);
CREATE SEQUENCE public.messages_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.messages_n_seq OWNED BY public.messages.n;
ALTER TABLE ONLY public.attempts ALTER COLUMN n SET DEFAULT nextval('public.attempts_n_seq'::regclass);
ALTER TABLE ONLY public.case_events ALTER COLUMN n SET DEFAULT nextval('public.case_events_n_seq'::regclass);
ALTER TABLE ONLY public.cases ALTER COLUMN n SET DEFAULT nextval('public.cases_n_seq'::regclass);
ALTER TABLE ONLY public.dustwatch_schema ALTER COLUMN version SET DEFAULT nextval('public.dustwatch_schema_version_seq'::regclass);
ALTER TABLE ONLY public.messages ALTER COLUMN n SET DEFAULT nextval('public.messages_n_seq'::regclass);
INSERT INTO public.attempts VALUES (1, 'm2b4b2ad417e357e03e44', 1, 'dustwatch-alerts-1', 1795446001000, 'sent', '', '250 ok', 1795446001000, false);
INSERT INTO public.attempts VALUES (2, 'm4f2c700c940b3b166cd0', 1, 'dustwatch-alerts-1', 1795446001000, 'refused', '550 5.1.1 mailbox unknown', '', 1795446001000, false);
INSERT INTO public.attempts VALUES (3, 'm4832c1c322a4aa9b6a1a', 1, 'dustwatch-alerts-1', 1795446001000, 'retry', 'connection reset', '', 1795446001000, false);
INSERT INTO public.attempts VALUES (4, 'm452b47a60e35f39ac694', 1, 'dustwatch-alerts-1', 1795446001000, 'sent', '', '250 ok', 1795446001000, false);
INSERT INTO public.attempts VALUES (5, 'mbe4bd2c256cc6d19f075', 1, 'dustwatch-alerts-1', 1795446001000, 'sent', '', '250 ok', 1795446001000, false);
INSERT INTO public.attempts VALUES (6, 'mc3bcbb0b6defe67c451a', 1, 'dustwatch-alerts-1', 1795446001000, 'sent', '', '250 ok', 1795446001000, false);
INSERT INTO public.attempts VALUES (7, 'mece8d9f4a580f8703c52', 1, 'dustwatch-alerts-1', 1795446001000, 'refused', '550 5.1.1 mailbox unknown', '', 1795446001000, false);
INSERT INTO public.attempts VALUES (8, 'm6fbf30923789639e5cb8', 1, 'dustwatch-alerts-1', 1795446001000, 'retry', 'connection reset', '', 1795446001000, false);
INSERT INTO public.attempts VALUES (9, 'med08b69c54c04887e594', 1, 'dustwatch-alerts-1', 1795446001000, 'sent', '', '250 ok', 1795446001000, false);
INSERT INTO public.attempts VALUES (10, 'm43d530403995e309c67e', 1, 'dustwatch-alerts-1', 1795446001000, 'sent', '', '250 ok', 1795446001000, false);
INSERT INTO public.attempts VALUES (11, 'm27124d681e8222d2f913', 1, 'dustwatch-alerts-1', 1795446001000, 'sent', '', '250 ok', 1795446001000, false);
INSERT INTO public.attempts VALUES (12, 'm8defab4092ba260e5a3b', 1, 'dustwatch-alerts-1', 1795446001000, 'refused', '550 5.1.1 mailbox unknown', '', 1795446001000, false);
INSERT INTO public.attempts VALUES (13, 'm8aee46406232f4c006a0', 1, 'dustwatch-alerts-1', 1795446001000, 'unknown', 'begun', '', NULL, false);
INSERT INTO public.attempts VALUES (14, 'm1bd9a1bce353ec9f0930', 1, 'dustwatch-alerts-1', 1795446001000, 'unknown', 'begun', '', NULL, false);
INSERT INTO public.case_events VALUES (1, '25e5eb84c2ef073dfb13', 'bf9f5408dc97b261d3c2', 1795444500000, 'rose', 'dustwatch', NULL, 'foretold', 'told before a breach; its window''s end ends it', '', '{"id": "o-warning-0", "event": "rose", "state": "warning", "at": 1795444500000, "site": "site-1", "point": "dev-1", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "pollutant": "pm10", "unit": "ug/m3", "start": 1795442400000, "end": 1795446000000, "limit": 80.0, "subtracted": 102.0, "background_known": false, "projected": 213.4, "low": 195.0, "high": 232.0, "probability": 0.93, "covered": 30, "settled": 32, "slots": 60, "required": 156.9, "minutes_left": 25.0, "configuration": "c1", "tell": true, "kind": "interval"}');
INSERT INTO public.case_events VALUES (2, 'eabcc1f2c1e9f01fdb23', '13a497703504a7297fa8', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'told at once', '', '{"id": "b1", "event": "opened", "kind": "exceedance", "level": "warning", "site": "site-1", "device": "dev-1", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "pollutant": "pm10", "unit": "ug/m3", "at": 1795446000000, "opened_at": 1795446000000, "start": 1795442400000, "end": 1795446000000, "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "interval": "i1", "verdict": "v1", "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": 24.0, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (3, '51ef19641d9d1e73a961', 'b22423547097e7e877ce', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'told at once', '', '{"id": "b2", "event": "opened", "kind": "exceedance", "level": "warning", "site": "site-2", "device": "dev-5", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "pollutant": "pm10", "unit": "ug/m3", "at": 1795446000000, "opened_at": 1795446000000, "start": 1795442400000, "end": 1795446000000, "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "interval": "i1", "verdict": "v1", "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": 24.0, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (4, '9587182a186749bb2f5c', '99b31a1cfc450372b028', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-1", "event": "opened", "kind": "offline", "level": "offline", "site": "site-1", "device": "dev-1", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (5, '1d9bccbde6caab1d1882', '60fca32e040c53daad20', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-2", "event": "opened", "kind": "offline", "level": "offline", "site": "site-1", "device": "dev-2", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (6, '6f335d853965028fac4b', '99b31a1cfc450372b028', 1795446300000, 'told', 'dustwatch', 'open', 'open', 'its hold has ended, and few others are silent', '', '{}');
INSERT INTO public.case_events VALUES (7, 'c92f0cd6d34c36a905b8', '60fca32e040c53daad20', 1795446300000, 'told', 'dustwatch', 'open', 'open', 'its hold has ended, and few others are silent', '', '{}');
INSERT INTO public.case_events VALUES (8, '4d95c7e23cbca3b5e98a', '153c625a67a307b1495b', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-5", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-5", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (9, '38e50017dfb78498be11', '4f23a829758c1b7f115a', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-6", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-6", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (10, '48ed69b9627a5e6ce484', 'fdcfabdc2d663ab51dfa', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-7", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-7", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (11, 'fa1023b58ac6fb7d9d0b', 'bf4ac0bd300c0936f5f5', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-8", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-8", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (12, 'd7e021dd9e4f37148171', '848cbb6c3886e0ee8985', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-9", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-9", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (13, '63f44a7fe55896c79191', '153c625a67a307b1495b', 1795446720000, 'told', 'dustwatch', 'open', 'open', 'its hold has ended, and few others are silent', '', '{}');
INSERT INTO public.case_events VALUES (14, '444e33b33b5f28c72afa', '4f23a829758c1b7f115a', 1795446720000, 'told', 'dustwatch', 'open', 'open', 'its hold has ended, and few others are silent', '', '{}');
INSERT INTO public.case_events VALUES (15, 'e5b19e11b18d814f0cc0', 'fdcfabdc2d663ab51dfa', 1795446720000, 'told', 'dustwatch', 'open', 'open', 'its hold has ended, and few others are silent', '', '{}');
INSERT INTO public.case_events VALUES (16, 'c822993605e40bb0471c', 'bf4ac0bd300c0936f5f5', 1795446720000, 'told', 'dustwatch', 'open', 'open', 'its hold has ended, and few others are silent', '', '{}');
INSERT INTO public.case_events VALUES (17, '80a640b43af97ba524e0', '848cbb6c3886e0ee8985', 1795446720000, 'told', 'dustwatch', 'open', 'open', 'its hold has ended, and few others are silent', '', '{}');
INSERT INTO public.case_events VALUES (18, '61094df6ede2b70a1446', '11e42dcbab09d1d2266f', 1795446780000, 'opened', 'dustwatch', NULL, 'open', 'held until it is clear whether others fall silent too', '', '{"id": "silent-dev-3", "event": "opened", "kind": "offline", "level": "offline", "site": "site-1", "device": "dev-3", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446780000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446780000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (19, '83ce6ae9e53c1e7d6321', '263ee37fd30decde44ec', 1795449600000, 'opened', 'dustwatch', NULL, 'open', 'told at once', '', '{"id": "suspect-1", "event": "opened", "kind": "suspicion", "level": "suspicion", "site": "site-1", "device": "dev-1", "rule": "suspicion/stuck", "rule_revision": "", "title": {"zh": "\u7591\u4f3c\u6570\u636e\u6052\u5b9a\u6216\u5168\u96f6", "en": "Suspected: stuck or all zero"}, "clause": "", "citation": "a proposal of this project", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795449600000, "opened_at": 1795449600000, "start": 1795428000000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": ["suspected"], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": {"pattern": "stuck", "confidence": 0.79, "numbers": {"value": {"value": 88.25, "unit": "ug/m3"}, "hours": {"value": 5.0, "unit": "h"}, "reference": {"value": null, "unit": "ug/m3"}}, "guards": [{"name": "night_rest", "seen": 88.25, "silenced": false}, {"name": "maintenance", "seen": 0.0, "silenced": false}], "plot": {"step_s": 3600, "series": {"mean": {"unit": "ug/m3", "values": [null, 88.25]}}}}, "regional": null}');
INSERT INTO public.case_events VALUES (20, 'ef700d0e2fc6b84c1d22', '3dd26a8e8f89b3bdefe0', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'told at once', '', '{"id": "fault-1", "event": "opened", "kind": "fault", "level": "fault", "site": "site-1", "device": "dev-1", "rule": "fault/absent/pm10", "rule_revision": "", "title": {"zh": "\u76d1\u6d4b\u53c2\u6570\u7f3a\u5931", "en": "A measured pollutant stays away"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": "pm10", "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795442400000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": ["absent"], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (21, '2c1e25ecd030cfb06b3d', '5256f58692a25c55e296', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'a breach or a fault was found', '', '{"event": "opened", "seconds": 70}');
INSERT INTO public.case_events VALUES (22, 'df18719a5f6dfd7605d4', '5256f58692a25c55e296', 1795446060000, 'closed', 'dustwatch', 'open', 'recovered', 'it is over; nobody has taken note yet', '', '{}');
INSERT INTO public.case_events VALUES (23, 'e00e7f51f62a12f491ac', '343de8bfd3eaeb0b1bda', 1795446000000, 'opened', 'dustwatch', NULL, 'open', 'a breach or a fault was found', '', '{"event": "opened", "seconds": 300, "count": 12}');
INSERT INTO public.case_events VALUES (24, 'c329d8a41d32b151ab08', 'b22423547097e7e877ce', 1795447200000, 'acknowledged', '王海燕', 'open', 'acknowledged', 'a person has taken note; the breach lasts', '已到现场，洒水', '{}');
INSERT INTO public.case_events VALUES (25, '3a72a1316889da2435b8', '13a497703504a7297fa8', 1795453200000, 'closed', 'dustwatch', 'open', 'recovered', 'it is over; nobody has taken note yet', '', '{"id": "b1", "event": "closed", "kind": "exceedance", "level": "warning", "site": "site-1", "device": "dev-1", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "pollutant": "pm10", "unit": "ug/m3", "at": 1795453200000, "opened_at": 1795446000000, "start": 1795449600000, "end": 1795453200000, "value": 96.5, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "interval": "i3", "verdict": "v3", "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": 24.0, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.case_events VALUES (26, '5187ef64466528d539e4', 'b22423547097e7e877ce', 1795453200000, 'closed', 'dustwatch', 'acknowledged', 'closed', 'it is over, and a person had taken note', '', '{"id": "b2", "event": "closed", "kind": "exceedance", "level": "warning", "site": "site-2", "device": "dev-5", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "pollutant": "pm10", "unit": "ug/m3", "at": 1795453200000, "opened_at": 1795446000000, "start": 1795449600000, "end": 1795453200000, "value": 96.5, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "interval": "i3", "verdict": "v3", "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": 24.0, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (1, 'bf9f5408dc97b261d3c2', 'outlook', 'foretold', 'warning', 'site-1', 'dev-1', '施工场地 PM10 小时浓度与县均值之差', 'hebei-db13-2934-2019-pm10', 1795444500000, 1795444500000, NULL, NULL, NULL, NULL, 1795446000000, NULL, NULL, 1795446000000, NULL, true, false, '{"id": "o-warning-0", "event": "rose", "state": "warning", "at": 1795444500000, "site": "site-1", "point": "dev-1", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "pollutant": "pm10", "unit": "ug/m3", "start": 1795442400000, "end": 1795446000000, "limit": 80.0, "subtracted": 102.0, "background_known": false, "projected": 213.4, "low": 195.0, "high": 232.0, "probability": 0.93, "covered": 30, "settled": 32, "slots": 60, "required": 156.9, "minutes_left": 25.0, "configuration": "c1", "tell": true, "kind": "interval"}');
INSERT INTO public.cases VALUES (4, '99b31a1cfc450372b028', 'offline', 'open', 'offline', 'site-1', 'dev-1', '监测设备离线', 'offline', 1795446000000, 1795446300000, 'silent-dev-1', NULL, NULL, 1795532400000, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "silent-dev-1", "event": "opened", "kind": "offline", "level": "offline", "site": "site-1", "device": "dev-1", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (5, '60fca32e040c53daad20', 'offline', 'open', 'offline', 'site-1', 'dev-2', '监测设备离线', 'offline', 1795446000000, 1795446300000, 'silent-dev-2', NULL, NULL, 1795532400000, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "silent-dev-2", "event": "opened", "kind": "offline", "level": "offline", "site": "site-1", "device": "dev-2", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (2, '13a497703504a7297fa8', 'exceedance', 'recovered', 'warning', 'site-1', 'dev-1', '施工场地 PM10 小时浓度与县均值之差', 'hebei-db13-2934-2019-pm10', 1795446000000, 1795453200000, 'b1', NULL, NULL, 1795532400000, 1795453200000, NULL, NULL, NULL, NULL, true, false, '{"id": "b1", "event": "opened", "kind": "exceedance", "level": "warning", "site": "site-1", "device": "dev-1", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "pollutant": "pm10", "unit": "ug/m3", "at": 1795446000000, "opened_at": 1795446000000, "start": 1795442400000, "end": 1795446000000, "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "interval": "i1", "verdict": "v1", "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": 24.0, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (3, 'b22423547097e7e877ce', 'exceedance', 'closed', 'warning', 'site-2', 'dev-5', '施工场地 PM10 小时浓度与县均值之差', 'hebei-db13-2934-2019-pm10', 1795446000000, 1795453200000, 'b2', NULL, NULL, 1795532400000, 1795453200000, 1795447200000, '王海燕', 1795453200000, NULL, true, false, '{"id": "b2", "event": "opened", "kind": "exceedance", "level": "warning", "site": "site-2", "device": "dev-5", "rule": "hebei-db13-2934-2019-pm10", "rule_revision": "r1", "title": {"zh": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "en": "Hourly PM10 of the site above the county mean"}, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "pollutant": "pm10", "unit": "ug/m3", "at": 1795446000000, "opened_at": 1795446000000, "start": 1795442400000, "end": 1795446000000, "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "interval": "i1", "verdict": "v1", "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": 24.0, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (6, '153c625a67a307b1495b', 'offline', 'open', 'offline', 'site-2', 'dev-5', '监测设备离线', 'offline', 1795446000000, 1795446720000, 'silent-dev-5', NULL, NULL, 1795532400000, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "silent-dev-5", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-5", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (7, '4f23a829758c1b7f115a', 'offline', 'open', 'offline', 'site-2', 'dev-6', '监测设备离线', 'offline', 1795446000000, 1795446720000, 'silent-dev-6', NULL, NULL, 1795532400000, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "silent-dev-6", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-6", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (8, 'fdcfabdc2d663ab51dfa', 'offline', 'open', 'offline', 'site-2', 'dev-7', '监测设备离线', 'offline', 1795446000000, 1795446720000, 'silent-dev-7', NULL, NULL, 1795532400000, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "silent-dev-7", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-7", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (9, 'bf4ac0bd300c0936f5f5', 'offline', 'open', 'offline', 'site-2', 'dev-8', '监测设备离线', 'offline', 1795446000000, 1795446720000, 'silent-dev-8', NULL, NULL, 1795532400000, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "silent-dev-8", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-8", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (10, '848cbb6c3886e0ee8985', 'offline', 'open', 'offline', 'site-2', 'dev-9', '监测设备离线', 'offline', 1795446000000, 1795446720000, 'silent-dev-9', NULL, NULL, 1795532400000, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "silent-dev-9", "event": "opened", "kind": "offline", "level": "offline", "site": "site-2", "device": "dev-9", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (11, '11e42dcbab09d1d2266f', 'offline', 'open', 'offline', 'site-1', 'dev-3', '监测设备离线', 'offline', 1795446000000, 1795446780000, 'silent-dev-3', NULL, NULL, 1795533180000, NULL, NULL, NULL, NULL, 1795446810000, true, false, '{"id": "silent-dev-3", "event": "opened", "kind": "offline", "level": "offline", "site": "site-1", "device": "dev-3", "rule": "offline", "rule_revision": "r1", "title": {"zh": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "en": "Monitor silent"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795446780000, "opened_at": 1795446000000, "start": 1795445100000, "end": 1795446780000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": [], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (12, '263ee37fd30decde44ec', 'suspicion', 'open', 'suspicion', 'site-1', 'dev-1', '疑似数据恒定或全零', 'suspicion/stuck', 1795449600000, 1795449600000, 'suspect-1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, false, '{"id": "suspect-1", "event": "opened", "kind": "suspicion", "level": "suspicion", "site": "site-1", "device": "dev-1", "rule": "suspicion/stuck", "rule_revision": "", "title": {"zh": "\u7591\u4f3c\u6570\u636e\u6052\u5b9a\u6216\u5168\u96f6", "en": "Suspected: stuck or all zero"}, "clause": "", "citation": "a proposal of this project", "status": "", "administrative": false, "pollutant": null, "unit": null, "at": 1795449600000, "opened_at": 1795449600000, "start": 1795428000000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": ["suspected"], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": {"pattern": "stuck", "confidence": 0.79, "numbers": {"value": {"value": 88.25, "unit": "ug/m3"}, "hours": {"value": 5.0, "unit": "h"}, "reference": {"value": null, "unit": "ug/m3"}}, "guards": [{"name": "night_rest", "seen": 88.25, "silenced": false}, {"name": "maintenance", "seen": 0.0, "silenced": false}], "plot": {"step_s": 3600, "series": {"mean": {"unit": "ug/m3", "values": [null, 88.25]}}}}, "regional": null}');
INSERT INTO public.cases VALUES (13, '3dd26a8e8f89b3bdefe0', 'fault', 'open', 'fault', 'site-1', 'dev-1', '监测参数缺失', 'fault/absent/pm10', 1795446000000, 1795446000000, 'fault-1', NULL, NULL, 1795536000000, NULL, NULL, NULL, NULL, NULL, true, true, '{"id": "fault-1", "event": "opened", "kind": "fault", "level": "fault", "site": "site-1", "device": "dev-1", "rule": "fault/absent/pm10", "rule_revision": "", "title": {"zh": "\u76d1\u6d4b\u53c2\u6570\u7f3a\u5931", "en": "A measured pollutant stays away"}, "clause": "", "citation": "", "status": "", "administrative": false, "pollutant": "pm10", "unit": null, "at": 1795446000000, "opened_at": 1795446000000, "start": 1795442400000, "end": 1795446000000, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "interval": null, "verdict": null, "revision": 1, "reasons": ["absent"], "delayed": false, "tell": true, "deadline_h": null, "configuration": "c1", "evidence": null, "regional": null}');
INSERT INTO public.cases VALUES (14, '5256f58692a25c55e296', 'system', 'recovered', 'fault', '', '', '时钟记录停止', '', 1795446000000, 1795446060000, NULL, 'ticks', NULL, NULL, 1795446060000, NULL, NULL, NULL, NULL, true, false, '{"event": "opened", "seconds": 70}');
INSERT INTO public.cases VALUES (15, '343de8bfd3eaeb0b1bda', 'system', 'open', 'fault', '', '', '隔离区增长过快', '', 1795446000000, 1795446000000, NULL, 'quarantine', NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, false, '{"event": "opened", "seconds": 300, "count": 12}');
INSERT INTO public.dustwatch_schema VALUES (1);
INSERT INTO public.messages VALUES (15, 'm6aa6e8f5b7a53d94c4bb', '153c625a67a307b1495b', 'offline', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-2` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 5 号点（dev-5）已离线', '请督促恢复监测：二号工地 5 号点（dev-5）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/153c625a67a307b1495b
消息编号：m6aa6e8f5b7a53d94c4bb（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/153c625a67a307b1495b', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (16, 'm5bdc6fbbb18f0d432ef2', '153c625a67a307b1495b', 'offline', 'opened', 'site:site-2/项目经理', 'file', 'file', '{"id": "site:site-2/\u9879\u76ee\u7ecf\u7406", "name": "\u4e8c\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-2`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备的电源和网络：二号工地 5 号点（dev-5）已离线', '请检查监测设备的电源和网络：二号工地 5 号点（dev-5）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/153c625a67a307b1495b
消息编号：m5bdc6fbbb18f0d432ef2（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/153c625a67a307b1495b', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (17, 'm5ea6e35778407e6d5b99', '4f23a829758c1b7f115a', 'offline', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-2`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 6 号点（dev-6）已离线', '请督促恢复监测：二号工地 6 号点（dev-6）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：6 号点（dev-6）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：城东镇 网格员 王海燕；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/4f23a829758c1b7f115a
消息编号：m5ea6e35778407e6d5b99（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/4f23a829758c1b7f115a', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-6", "device_name": "6 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (18, 'ma22a8193c4bedef98fcb', '4f23a829758c1b7f115a', 'offline', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-2` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 6 号点（dev-6）已离线', '请督促恢复监测：二号工地 6 号点（dev-6）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：6 号点（dev-6）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/4f23a829758c1b7f115a
消息编号：ma22a8193c4bedef98fcb（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/4f23a829758c1b7f115a', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-6", "device_name": "6 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (19, 'm13cd6257cab0e07bc9f8', '4f23a829758c1b7f115a', 'offline', 'opened', 'site:site-2/项目经理', 'file', 'file', '{"id": "site:site-2/\u9879\u76ee\u7ecf\u7406", "name": "\u4e8c\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-2`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备的电源和网络：二号工地 6 号点（dev-6）已离线', '请检查监测设备的电源和网络：二号工地 6 号点（dev-6）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：6 号点（dev-6）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/4f23a829758c1b7f115a
消息编号：m13cd6257cab0e07bc9f8（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/4f23a829758c1b7f115a', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-6", "device_name": "6 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (20, 'mb3867b158788c9d92ef9', 'fdcfabdc2d663ab51dfa', 'offline', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-2`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 7 号点（dev-7）已离线', '请督促恢复监测：二号工地 7 号点（dev-7）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：7 号点（dev-7）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：城东镇 网格员 王海燕；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/fdcfabdc2d663ab51dfa
消息编号：mb3867b158788c9d92ef9（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/fdcfabdc2d663ab51dfa', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-7", "device_name": "7 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (21, 'me30dc46a195b24536537', 'fdcfabdc2d663ab51dfa', 'offline', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-2` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 7 号点（dev-7）已离线', '请督促恢复监测：二号工地 7 号点（dev-7）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：7 号点（dev-7）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/fdcfabdc2d663ab51dfa
消息编号：me30dc46a195b24536537（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/fdcfabdc2d663ab51dfa', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-7", "device_name": "7 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (22, 'm6de0b552a9c252326a43', 'fdcfabdc2d663ab51dfa', 'offline', 'opened', 'site:site-2/项目经理', 'file', 'file', '{"id": "site:site-2/\u9879\u76ee\u7ecf\u7406", "name": "\u4e8c\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-2`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备的电源和网络：二号工地 7 号点（dev-7）已离线', '请检查监测设备的电源和网络：二号工地 7 号点（dev-7）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：7 号点（dev-7）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/fdcfabdc2d663ab51dfa
消息编号：m6de0b552a9c252326a43（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/fdcfabdc2d663ab51dfa', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-7", "device_name": "7 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (23, 'm425567098fb490a41b5c', 'bf4ac0bd300c0936f5f5', 'offline', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-2`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 8 号点（dev-8）已离线', '请督促恢复监测：二号工地 8 号点（dev-8）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：8 号点（dev-8）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：城东镇 网格员 王海燕；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/bf4ac0bd300c0936f5f5
消息编号：m425567098fb490a41b5c（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/bf4ac0bd300c0936f5f5', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-8", "device_name": "8 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (24, 'm15dcf86043f774a2ef8e', 'bf4ac0bd300c0936f5f5', 'offline', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-2` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 8 号点（dev-8）已离线', '请督促恢复监测：二号工地 8 号点（dev-8）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：8 号点（dev-8）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/bf4ac0bd300c0936f5f5
消息编号：m15dcf86043f774a2ef8e（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/bf4ac0bd300c0936f5f5', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-8", "device_name": "8 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (25, 'mf9ae70d14af1a97de02b', 'bf4ac0bd300c0936f5f5', 'offline', 'opened', 'site:site-2/项目经理', 'file', 'file', '{"id": "site:site-2/\u9879\u76ee\u7ecf\u7406", "name": "\u4e8c\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-2`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备的电源和网络：二号工地 8 号点（dev-8）已离线', '请检查监测设备的电源和网络：二号工地 8 号点（dev-8）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：8 号点（dev-8）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/bf4ac0bd300c0936f5f5
消息编号：mf9ae70d14af1a97de02b（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/bf4ac0bd300c0936f5f5', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-8", "device_name": "8 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (26, 'm343a05044ea1c633fca9', '848cbb6c3886e0ee8985', 'offline', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-2`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 9 号点（dev-9）已离线', '请督促恢复监测：二号工地 9 号点（dev-9）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：9 号点（dev-9）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：城东镇 网格员 王海燕；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/848cbb6c3886e0ee8985
消息编号：m343a05044ea1c633fca9（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/848cbb6c3886e0ee8985', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-9", "device_name": "9 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (27, 'm09a01a1413892369e977', '848cbb6c3886e0ee8985', 'offline', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-2` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 9 号点（dev-9）已离线', '请督促恢复监测：二号工地 9 号点（dev-9）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：9 号点（dev-9）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/848cbb6c3886e0ee8985
消息编号：m09a01a1413892369e977（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/848cbb6c3886e0ee8985', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-9", "device_name": "9 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (28, 'm3eabb62b2b9433a1c4d5', '848cbb6c3886e0ee8985', 'offline', 'opened', 'site:site-2/项目经理', 'file', 'file', '{"id": "site:site-2/\u9879\u76ee\u7ecf\u7406", "name": "\u4e8c\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-2`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备的电源和网络：二号工地 9 号点（dev-9）已离线', '请检查监测设备的电源和网络：二号工地 9 号点（dev-9）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：9 号点（dev-9）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/848cbb6c3886e0ee8985
消息编号：m3eabb62b2b9433a1c4d5（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/848cbb6c3886e0ee8985', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-9", "device_name": "9 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (29, 'm95a9118d0484f4d944d8', '263ee37fd30decde44ec', 'suspicion', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-1`; on duty at any hour", "language": "zh_CN"}', '请生态环境分局会同主管单位现场核查监测设备：一号工地 1 号点（dev-1） 疑似数据恒定或全零', '请生态环境分局会同主管单位现场核查监测设备：一号工地 1 号点（dev-1） 疑似数据恒定或全零
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
时段：11月23日 18:00 至 11月23日 23:00
· 恒定值：88.25 µg/m³
· 持续小时数：5 小时
可疑程度：79 %
此为数据规律分析得出的疑似线索，不是认定；是否弄虚作假，以现场核查结论为准。
同时告知：城东镇 网格员 王海燕；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/263ee37fd30decde44ec
消息编号：m95a9118d0484f4d944d8（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/263ee37fd30decde44ec', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u7591\u4f3c\u6570\u636e\u6052\u5b9a\u6216\u5168\u96f6", "level": "suspicion", "start": 1795428000000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "a proposal of this project", "status": "", "administrative": false, "opened_at": 1795449600000, "reasons": ["suspected"], "evidence": {"pattern": "stuck", "confidence": 0.79, "numbers": {"value": {"value": 88.25, "unit": "ug/m3"}, "hours": {"value": 5.0, "unit": "h"}, "reference": {"value": null, "unit": "ug/m3"}}, "guards": [{"name": "night_rest", "seen": 88.25, "silenced": false}, {"name": "maintenance", "seen": 0.0, "silenced": false}], "plot": {"step_s": 3600, "series": {"mean": {"unit": "ug/m3", "values": [null, 88.25]}}}}, "regional": null, "devices": 1}}', 1795449600000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (30, 'm25aa3358e5f3da2828fb', '263ee37fd30decde44ec', 'suspicion', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-1` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请生态环境分局会同主管单位现场核查监测设备：一号工地 1 号点（dev-1） 疑似数据恒定或全零', '请生态环境分局会同主管单位现场核查监测设备：一号工地 1 号点（dev-1） 疑似数据恒定或全零
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
时段：11月23日 18:00 至 11月23日 23:00
· 恒定值：88.25 µg/m³
· 持续小时数：5 小时
可疑程度：79 %
此为数据规律分析得出的疑似线索，不是认定；是否弄虚作假，以现场核查结论为准。
同时告知：住建局 值班室；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/263ee37fd30decde44ec
消息编号：m25aa3358e5f3da2828fb（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/263ee37fd30decde44ec', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u7591\u4f3c\u6570\u636e\u6052\u5b9a\u6216\u5168\u96f6", "level": "suspicion", "start": 1795428000000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "a proposal of this project", "status": "", "administrative": false, "opened_at": 1795449600000, "reasons": ["suspected"], "evidence": {"pattern": "stuck", "confidence": 0.79, "numbers": {"value": {"value": 88.25, "unit": "ug/m3"}, "hours": {"value": 5.0, "unit": "h"}, "reference": {"value": null, "unit": "ug/m3"}}, "guards": [{"name": "night_rest", "seen": 88.25, "silenced": false}, {"name": "maintenance", "seen": 0.0, "silenced": false}], "plot": {"step_s": 3600, "series": {"mean": {"unit": "ug/m3", "values": [null, 88.25]}}}}, "regional": null, "devices": 1}}', 1795449600000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (31, 'mfbf323ed5c516c9db0e0', '263ee37fd30decde44ec', 'suspicion', 'opened', 'site:site-1/项目经理', 'file', 'file', '{"id": "site:site-1/\u9879\u76ee\u7ecf\u7406", "name": "\u4e00\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-1`; on duty at any hour", "language": "zh_CN"}', '请保持监测设备现状并配合现场核查：一号工地 1 号点（dev-1） 疑似数据恒定或全零', '请保持监测设备现状并配合现场核查：一号工地 1 号点（dev-1） 疑似数据恒定或全零
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
时段：11月23日 18:00 至 11月23日 23:00
· 恒定值：88.25 µg/m³
· 持续小时数：5 小时
可疑程度：79 %
此为数据规律分析得出的疑似线索，不是认定；是否弄虚作假，以现场核查结论为准。
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/263ee37fd30decde44ec
消息编号：mfbf323ed5c516c9db0e0（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/263ee37fd30decde44ec', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u7591\u4f3c\u6570\u636e\u6052\u5b9a\u6216\u5168\u96f6", "level": "suspicion", "start": 1795428000000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "a proposal of this project", "status": "", "administrative": false, "opened_at": 1795449600000, "reasons": ["suspected"], "evidence": {"pattern": "stuck", "confidence": 0.79, "numbers": {"value": {"value": 88.25, "unit": "ug/m3"}, "hours": {"value": 5.0, "unit": "h"}, "reference": {"value": null, "unit": "ug/m3"}}, "guards": [{"name": "night_rest", "seen": 88.25, "silenced": false}, {"name": "maintenance", "seen": 0.0, "silenced": false}], "plot": {"step_s": 3600, "series": {"mean": {"unit": "ug/m3", "values": [null, 88.25]}}}}, "regional": null, "devices": 1}}', 1795449600000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (32, 'm1d2b0e4b438e7d65d924', '3dd26a8e8f89b3bdefe0', 'fault', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-1`; on duty at any hour", "language": "zh_CN"}', '请督促检修监测设备：一号工地 1 号点（dev-1） 在线，但没有 PM10 数据', '请督促检修监测设备：一号工地 1 号点（dev-1） 在线，但没有 PM10 数据
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
开始时间：11月23日 22:00
故障期间设备在线，但有关数据不能用于判定；没有有效数据不视为达标。
期限：11月25日 00:00 前恢复
同时告知：城东镇 网格员 王海燕；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/3dd26a8e8f89b3bdefe0
消息编号：m1d2b0e4b438e7d65d924（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/3dd26a8e8f89b3bdefe0', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u76d1\u6d4b\u53c2\u6570\u7f3a\u5931", "level": "fault", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": ["absent"], "evidence": null, "regional": null, "devices": 1}}', 1795449600000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (33, 'm8fb9bdc471eedc779e05', '3dd26a8e8f89b3bdefe0', 'fault', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-1` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促检修监测设备：一号工地 1 号点（dev-1） 在线，但没有 PM10 数据', '请督促检修监测设备：一号工地 1 号点（dev-1） 在线，但没有 PM10 数据
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
开始时间：11月23日 22:00
故障期间设备在线，但有关数据不能用于判定；没有有效数据不视为达标。
期限：11月25日 00:00 前恢复
同时告知：住建局 值班室；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/3dd26a8e8f89b3bdefe0
消息编号：m8fb9bdc471eedc779e05（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/3dd26a8e8f89b3bdefe0', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u76d1\u6d4b\u53c2\u6570\u7f3a\u5931", "level": "fault", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": ["absent"], "evidence": null, "regional": null, "devices": 1}}', 1795449600000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (34, 'mb18e0c148ece57d51d97', '3dd26a8e8f89b3bdefe0', 'fault', 'opened', 'site:site-1/项目经理', 'file', 'file', '{"id": "site:site-1/\u9879\u76ee\u7ecf\u7406", "name": "\u4e00\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-1`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备：一号工地 1 号点（dev-1） 在线，但没有 PM10 数据', '请检查监测设备：一号工地 1 号点（dev-1） 在线，但没有 PM10 数据
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
开始时间：11月23日 22:00
故障期间设备在线，但有关数据不能用于判定；没有有效数据不视为达标。
期限：11月25日 00:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/3dd26a8e8f89b3bdefe0
消息编号：mb18e0c148ece57d51d97（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/3dd26a8e8f89b3bdefe0', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u76d1\u6d4b\u53c2\u6570\u7f3a\u5931", "level": "fault", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": ["absent"], "evidence": null, "regional": null, "devices": 1}}', 1795449600000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (35, 'mba7e8d4f67daa9fead8a', '5256f58692a25c55e296', 'system', 'opened', 'platform/平台运维', 'file', 'file', '{"id": "platform/\u5e73\u53f0\u8fd0\u7ef4", "name": "\u5e73\u53f0\u8fd0\u7ef4", "line": "platform", "channel": "file", "kind": "file", "address": "", "why": "looks after the platform; on duty at any hour", "language": "zh_CN"}', '请检查接入服务和 Kafka：时钟记录已停 70 秒，没有任何判定在进行', '请检查接入服务和 Kafka：时钟记录已停 70 秒，没有任何判定在进行
处理：dustwatch status 查看各环节。
发现时间：11月23日 23:00
查看并签收：http://desk.example:8400/cases/5256f58692a25c55e296
消息编号：mba7e8d4f67daa9fead8a（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/5256f58692a25c55e296', '[]', '{"event": "opened", "seconds": 70, "title": "\u65f6\u949f\u8bb0\u5f55\u505c\u6b62", "opened_at": 1795446000000}', 1795446000000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (36, 'mdefb993558cd6a1cc0c0', '5256f58692a25c55e296', 'system', 'recovered', 'platform/平台运维', 'file', 'file', '{"id": "platform/\u5e73\u53f0\u8fd0\u7ef4", "name": "\u5e73\u53f0\u8fd0\u7ef4", "line": "platform", "channel": "file", "kind": "file", "address": "", "why": "looks after the platform; on duty at any hour", "language": "zh_CN"}', '平台故障已消除，请签收：时钟记录停止', '平台故障已消除，请签收：时钟记录停止
持续：11月23日 23:00 起，约 1 分钟
查看并签收：http://desk.example:8400/cases/5256f58692a25c55e296
消息编号：mdefb993558cd6a1cc0c0（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/5256f58692a25c55e296', '[]', '{"event": "opened", "seconds": 70, "title": "\u65f6\u949f\u8bb0\u5f55\u505c\u6b62", "opened_at": 1795446000000}', 1795446060000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (37, 'm616480a6e4c8e17f7fdc', '343de8bfd3eaeb0b1bda', 'system', 'opened', 'platform/平台运维', 'file', 'file', '{"id": "platform/\u5e73\u53f0\u8fd0\u7ef4", "name": "\u5e73\u53f0\u8fd0\u7ef4", "line": "platform", "channel": "file", "kind": "file", "address": "", "why": "looks after the platform; on duty at any hour", "language": "zh_CN"}', '请查看隔离区：300 秒内有 12 条消息无法使用', '请查看隔离区：300 秒内有 12 条消息无法使用
处理：dustwatch status 查看各环节；dustwatch quarantine list 查看原因，修正后 dustwatch quarantine retry。
发现时间：11月23日 23:00
查看并签收：http://desk.example:8400/cases/343de8bfd3eaeb0b1bda
消息编号：m616480a6e4c8e17f7fdc（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/343de8bfd3eaeb0b1bda', '[]', '{"event": "opened", "seconds": 300, "count": 12, "title": "\u9694\u79bb\u533a\u589e\u957f\u8fc7\u5feb", "opened_at": 1795446000000}', 1795446000000, 1795446000000, 'pending', 1795446000000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (3, 'm4832c1c322a4aa9b6a1a', '13a497703504a7297fa8', 'exceedance', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-1` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促立即降尘：一号工地 PM10 超标，11月24日 23:00 前整改', '请督促立即降尘：一号工地 PM10 超标，11月24日 23:00 前整改
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
测量：11月23日 22:00–23:00，PM10 均值 312.4 µg/m³（数据有效率 98 %）
背景：同时段背景值 102 µg/m³，扣除 102 后为 210.4 µg/m³
限值：80 µg/m³（扣除背景后）【该限值据公开报道，未见标准原文】
依据：DB13/2934-2019，PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次
等级：预警
同时告知：住建局 值班室；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/13a497703504a7297fa8
消息编号：m4832c1c322a4aa9b6a1a（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/13a497703504a7297fa8', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": "ug/m3", "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446000000, 1795446000000, 'pending', 1795446002839, 1, NULL, NULL, NULL, '', 'not taken: connection reset');
INSERT INTO public.messages VALUES (4, 'm452b47a60e35f39ac694', '13a497703504a7297fa8', 'exceedance', 'opened', 'site:site-1/项目经理', 'file', 'file', '{"id": "site:site-1/\u9879\u76ee\u7ecf\u7406", "name": "\u4e00\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-1`; on duty at any hour", "language": "zh_CN"}', '请立即停止产尘作业、开启喷淋：一号工地 PM10 超标，11月24日 23:00 前整改', '请立即停止产尘作业、开启喷淋：一号工地 PM10 超标，11月24日 23:00 前整改
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
测量：11月23日 22:00–23:00，PM10 均值 312.4 µg/m³（数据有效率 98 %）
背景：同时段背景值 102 µg/m³，扣除 102 后为 210.4 µg/m³
限值：80 µg/m³（扣除背景后）【该限值据公开报道，未见标准原文】
依据：DB13/2934-2019，PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次
等级：预警
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/13a497703504a7297fa8
消息编号：m452b47a60e35f39ac694（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/13a497703504a7297fa8', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": "ug/m3", "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446000000, 1795446000000, 'sent', 1795446001000, 1, NULL, NULL, 1795446001000, '250 ok', '250 ok');
INSERT INTO public.messages VALUES (5, 'mbe4bd2c256cc6d19f075', 'b22423547097e7e877ce', 'exceedance', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-2`; on duty at any hour", "language": "zh_CN"}', '请督促立即降尘：二号工地 PM10 超标，11月24日 23:00 前整改', '请督促立即降尘：二号工地 PM10 超标，11月24日 23:00 前整改
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
测量：11月23日 22:00–23:00，PM10 均值 312.4 µg/m³（数据有效率 98 %）
背景：同时段背景值 102 µg/m³，扣除 102 后为 210.4 µg/m³
限值：80 µg/m³（扣除背景后）【该限值据公开报道，未见标准原文】
依据：DB13/2934-2019，PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次
等级：预警
同时告知：城东镇 网格员 王海燕；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/b22423547097e7e877ce
消息编号：mbe4bd2c256cc6d19f075（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/b22423547097e7e877ce', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": "ug/m3", "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446000000, 1795446000000, 'sent', 1795446001000, 1, NULL, NULL, 1795446001000, '250 ok', '250 ok');
INSERT INTO public.messages VALUES (7, 'mece8d9f4a580f8703c52', 'b22423547097e7e877ce', 'exceedance', 'opened', 'site:site-2/项目经理', 'file', 'file', '{"id": "site:site-2/\u9879\u76ee\u7ecf\u7406", "name": "\u4e8c\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-2`; on duty at any hour", "language": "zh_CN"}', '请立即停止产尘作业、开启喷淋：二号工地 PM10 超标，11月24日 23:00 前整改', '请立即停止产尘作业、开启喷淋：二号工地 PM10 超标，11月24日 23:00 前整改
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
测量：11月23日 22:00–23:00，PM10 均值 312.4 µg/m³（数据有效率 98 %）
背景：同时段背景值 102 µg/m³，扣除 102 后为 210.4 µg/m³
限值：80 µg/m³（扣除背景后）【该限值据公开报道，未见标准原文】
依据：DB13/2934-2019，PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次
等级：预警
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/b22423547097e7e877ce
消息编号：mece8d9f4a580f8703c52（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/b22423547097e7e877ce', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": "ug/m3", "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446000000, 1795446000000, 'refused', 1795446001000, 1, NULL, NULL, 1795446001000, '', '550 5.1.1 mailbox unknown');
INSERT INTO public.messages VALUES (8, 'm6fbf30923789639e5cb8', '99b31a1cfc450372b028', 'offline', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-1`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：一号工地 1 号点（dev-1）已离线', '请督促恢复监测：一号工地 1 号点（dev-1）已离线
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：城东镇 网格员 王海燕；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/99b31a1cfc450372b028
消息编号：m6fbf30923789639e5cb8（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/99b31a1cfc450372b028', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446300000, 1795446000000, 'pending', 1795446002861, 1, NULL, NULL, NULL, '', 'not taken: connection reset');
INSERT INTO public.messages VALUES (1, 'm2b4b2ad417e357e03e44', 'bf9f5408dc97b261d3c2', 'outlook', 'warning', 'site:site-1/项目经理', 'file', 'file', '{"id": "site:site-1/\u9879\u76ee\u7ecf\u7406", "name": "\u4e00\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-1`; on duty at any hour", "language": "zh_CN"}', '请提前降尘：一号工地 PM10 预计超标（11月23日 22:00–23:00）', '请提前降尘：一号工地 PM10 预计超标（11月23日 22:00–23:00）
工地：一号工地（东环路 1 号）
监测点：1 号点（dev-1）
事项：施工场地 PM10 小时浓度与县均值之差
预计：11月23日 22:00–23:00 均值约 213.4 µg/m³，扣除背景值 102（按上一时段估计）后约 111.4 µg/m³，超标概率约 95 %
限值：80 µg/m³（扣除背景后）【该限值据公开报道，未见标准原文】
依据：DB13/2934-2019，PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次
截止：11月23日 23:00，还剩 30 分钟
仍可达标：此后均值不高于 156 µg/m³
建议：洒水抑尘、覆盖裸土和料堆，必要时暂停土方等产尘作业。
说明：时段尚未结束，本消息是预警，不是超标结论，无需签收。
查看：http://desk.example:8400/sites/site-1
消息编号：m2b4b2ad417e357e03e44（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/sites/site-1', '[]', '{"outlook": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "event": "rose", "start": 1795442400000, "end": 1795446000000, "left": 1800000, "pollutant": "pm10", "unit": "ug/m3", "limit": 80.0, "subtracted": 102.0, "background_known": false, "projected": 213.4, "probability": 0.93, "required": 156.9, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "shape": "mean", "count": 30}}', 1795444200000, 1795446000000, 'sent', 1795446001000, 1, NULL, NULL, 1795446001000, '250 ok', '250 ok');
INSERT INTO public.messages VALUES (10, 'm43d530403995e309c67e', '99b31a1cfc450372b028', 'offline', 'opened', 'site:site-1/项目经理', 'file', 'file', '{"id": "site:site-1/\u9879\u76ee\u7ecf\u7406", "name": "\u4e00\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-1`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备的电源和网络：一号工地 1 号点（dev-1）已离线', '请检查监测设备的电源和网络：一号工地 1 号点（dev-1）已离线
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/99b31a1cfc450372b028
消息编号：m43d530403995e309c67e（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/99b31a1cfc450372b028', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446300000, 1795446000000, 'sent', 1795446001000, 1, NULL, NULL, 1795446001000, '250 ok', '250 ok');
INSERT INTO public.messages VALUES (11, 'm27124d681e8222d2f913', '60fca32e040c53daad20', 'offline', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-1`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：一号工地 2 号点（dev-2）已离线', '请督促恢复监测：一号工地 2 号点（dev-2）已离线
工地：一号工地（城东镇 东环路 1 号）
监测点：2 号点（dev-2）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：城东镇 网格员 王海燕；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/60fca32e040c53daad20
消息编号：m27124d681e8222d2f913（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/60fca32e040c53daad20', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-2", "device_name": "2 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446300000, 1795446000000, 'sent', 1795446001000, 1, NULL, NULL, 1795446001000, '250 ok', '250 ok');
INSERT INTO public.messages VALUES (2, 'm4f2c700c940b3b166cd0', '13a497703504a7297fa8', 'exceedance', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-1`; on duty at any hour", "language": "zh_CN"}', '请督促立即降尘：一号工地 PM10 超标，11月24日 23:00 前整改', '请督促立即降尘：一号工地 PM10 超标，11月24日 23:00 前整改
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
测量：11月23日 22:00–23:00，PM10 均值 312.4 µg/m³（数据有效率 98 %）
背景：同时段背景值 102 µg/m³，扣除 102 后为 210.4 µg/m³
限值：80 µg/m³（扣除背景后）【该限值据公开报道，未见标准原文】
依据：DB13/2934-2019，PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次
等级：预警
同时告知：城东镇 网格员 王海燕；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/13a497703504a7297fa8
消息编号：m4f2c700c940b3b166cd0（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/13a497703504a7297fa8', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": "ug/m3", "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446000000, 1795446000000, 'refused', 1795446001000, 1, NULL, NULL, 1795446001000, '', '550 5.1.1 mailbox unknown');
INSERT INTO public.messages VALUES (6, 'mc3bcbb0b6defe67c451a', 'b22423547097e7e877ce', 'exceedance', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-2` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促立即降尘：二号工地 PM10 超标，11月24日 23:00 前整改', '请督促立即降尘：二号工地 PM10 超标，11月24日 23:00 前整改
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
测量：11月23日 22:00–23:00，PM10 均值 312.4 µg/m³（数据有效率 98 %）
背景：同时段背景值 102 µg/m³，扣除 102 后为 210.4 µg/m³
限值：80 µg/m³（扣除背景后）【该限值据公开报道，未见标准原文】
依据：DB13/2934-2019，PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次
等级：预警
同时告知：住建局 值班室；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/b22423547097e7e877ce
消息编号：mc3bcbb0b6defe67c451a（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/b22423547097e7e877ce', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795442400000, "end": 1795446000000, "pollutant": "pm10", "unit": "ug/m3", "value": 312.4, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446000000, 1795446000000, 'sent', 1795446001000, 1, NULL, NULL, 1795446001000, '250 ok', '250 ok');
INSERT INTO public.messages VALUES (9, 'med08b69c54c04887e594', '99b31a1cfc450372b028', 'offline', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-1` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：一号工地 1 号点（dev-1）已离线', '请督促恢复监测：一号工地 1 号点（dev-1）已离线
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/99b31a1cfc450372b028
消息编号：med08b69c54c04887e594（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/99b31a1cfc450372b028', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446300000, 1795446000000, 'sent', 1795446001000, 1, NULL, NULL, 1795446001000, '250 ok', '250 ok');
INSERT INTO public.messages VALUES (12, 'm8defab4092ba260e5a3b', '60fca32e040c53daad20', 'offline', 'opened', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-1` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：一号工地 2 号点（dev-2）已离线', '请督促恢复监测：一号工地 2 号点（dev-2）已离线
工地：一号工地（城东镇 东环路 1 号）
监测点：2 号点（dev-2）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；一号工地 项目经理
查看并签收：http://desk.example:8400/cases/60fca32e040c53daad20
消息编号：m8defab4092ba260e5a3b（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/60fca32e040c53daad20', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-2", "device_name": "2 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446300000, 1795446000000, 'refused', 1795446001000, 1, NULL, NULL, 1795446001000, '', '550 5.1.1 mailbox unknown');
INSERT INTO public.messages VALUES (13, 'm8aee46406232f4c006a0', '60fca32e040c53daad20', 'offline', 'opened', 'site:site-1/项目经理', 'file', 'file', '{"id": "site:site-1/\u9879\u76ee\u7ecf\u7406", "name": "\u4e00\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-1`; on duty at any hour", "language": "zh_CN"}', '请检查监测设备的电源和网络：一号工地 2 号点（dev-2）已离线', '请检查监测设备的电源和网络：一号工地 2 号点（dev-2）已离线
工地：一号工地（城东镇 东环路 1 号）
监测点：2 号点（dev-2）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：住建局 值班室；城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/60fca32e040c53daad20
消息编号：m8aee46406232f4c006a0（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/60fca32e040c53daad20', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-2", "device_name": "2 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446300000, 1795446000000, 'sending', 1795446000000, 1, 'dustwatch-alerts-1', 1795446181000, NULL, '', '');
INSERT INTO public.messages VALUES (14, 'm1bd9a1bce353ec9f0930', '153c625a67a307b1495b', 'offline', 'opened', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-2`; on duty at any hour", "language": "zh_CN"}', '请督促恢复监测：二号工地 5 号点（dev-5）已离线', '请督促恢复监测：二号工地 5 号点（dev-5）已离线
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
最后一次数据：11月23日 22:45
离线期间没有数据，不能判定是否达标；断电断网不视为达标。
期限：11月24日 23:00 前恢复
同时告知：城东镇 网格员 王海燕；二号工地 项目经理
查看并签收：http://desk.example:8400/cases/153c625a67a307b1495b
消息编号：m1bd9a1bce353ec9f0930（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/153c625a67a307b1495b', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u76d1\u6d4b\u8bbe\u5907\u79bb\u7ebf", "level": "offline", "start": 1795445100000, "end": 1795446000000, "pollutant": null, "unit": null, "value": null, "background": null, "subtracted": null, "limit": null, "capture": null, "clause": "", "citation": "", "status": "", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795446720000, 1795446000000, 'sending', 1795446000000, 1, 'dustwatch-alerts-1', 1795446181000, NULL, '', '');
INSERT INTO public.messages VALUES (38, 'm6c9a7567ab46941a8d10', '13a497703504a7297fa8', 'exceedance', 'recovered', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-1` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '已恢复达标，请核验后签收：一号工地 PM10', '已恢复达标，请核验后签收：一号工地 PM10
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
事项：施工场地 PM10 小时浓度与县均值之差
最新测量：11月24日 00:00–01:00，PM10 均值 96.5 µg/m³，背景值 102 µg/m³，限值 80 µg/m³（扣除背景后）
持续：11月23日 23:00 起，约 2 小时
同时告知：一号工地 项目经理
查看并签收：http://desk.example:8400/cases/13a497703504a7297fa8
消息编号：m6c9a7567ab46941a8d10（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/13a497703504a7297fa8', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795449600000, "end": 1795453200000, "pollutant": "pm10", "unit": "ug/m3", "value": 96.5, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795453200000, 1795446001000, 'pending', 1795446001000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (39, 'm1167016de5bbdcfcfee6', '13a497703504a7297fa8', 'exceedance', 'recovered', 'site:site-1/项目经理', 'file', 'file', '{"id": "site:site-1/\u9879\u76ee\u7ecf\u7406", "name": "\u4e00\u53f7\u5de5\u5730 \u9879\u76ee\u7ecf\u7406", "line": "site", "channel": "file", "kind": "file", "address": "", "why": "default route: own contact of site `site-1`; on duty at any hour", "language": "zh_CN"}', '已恢复达标，请保持降尘措施并签收：一号工地 PM10', '已恢复达标，请保持降尘措施并签收：一号工地 PM10
工地：一号工地（城东镇 东环路 1 号）
监测点：1 号点（dev-1）
事项：施工场地 PM10 小时浓度与县均值之差
最新测量：11月24日 00:00–01:00，PM10 均值 96.5 µg/m³，背景值 102 µg/m³，限值 80 µg/m³（扣除背景后）
持续：11月23日 23:00 起，约 2 小时
同时告知：城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/13a497703504a7297fa8
消息编号：m1167016de5bbdcfcfee6（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/13a497703504a7297fa8', '[]', '{"matter": {"site": "\u4e00\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 1 \u53f7", "device": "dev-1", "device_name": "1 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795449600000, "end": 1795453200000, "pollutant": "pm10", "unit": "ug/m3", "value": 96.5, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795453200000, 1795446001000, 'pending', 1795446001000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (40, 'm0f1d157de8dd6bbebc9d', 'b22423547097e7e877ce', 'exceedance', 'recovered', 'department:housing/值班室', 'file', 'file', '{"id": "department:housing/\u503c\u73ed\u5ba4", "name": "\u4f4f\u5efa\u5c40 \u503c\u73ed\u5ba4", "line": "sector", "channel": "file", "kind": "file", "address": "", "why": "default route: sector line, `housing` answers for `site-2`; on duty at any hour", "language": "zh_CN"}', '已恢复达标，请核验后签收：二号工地 PM10', '已恢复达标，请核验后签收：二号工地 PM10
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
事项：施工场地 PM10 小时浓度与县均值之差
最新测量：11月24日 00:00–01:00，PM10 均值 96.5 µg/m³，背景值 102 µg/m³，限值 80 µg/m³（扣除背景后）
持续：11月23日 23:00 起，约 2 小时
同时告知：城东镇 网格员 王海燕
查看并签收：http://desk.example:8400/cases/b22423547097e7e877ce
消息编号：m0f1d157de8dd6bbebc9d（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/b22423547097e7e877ce', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795449600000, "end": 1795453200000, "pollutant": "pm10", "unit": "ug/m3", "value": 96.5, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795453200000, 1795446001000, 'pending', 1795446001000, 0, NULL, NULL, NULL, '', '');
INSERT INTO public.messages VALUES (41, 'mdb0cf464201df932b2d1', 'b22423547097e7e877ce', 'exceedance', 'recovered', 'department:town-east/网格员 王海燕', 'file', 'file', '{"id": "department:town-east/\u7f51\u683c\u5458 \u738b\u6d77\u71d5", "name": "\u57ce\u4e1c\u9547 \u7f51\u683c\u5458 \u738b\u6d77\u71d5", "line": "territorial", "channel": "file", "kind": "file", "address": "", "why": "default route: territorial line, `site-2` lies in `town-east`; on duty at any hour", "language": "zh_CN"}', '已恢复达标，请核验后签收：二号工地 PM10', '已恢复达标，请核验后签收：二号工地 PM10
工地：二号工地（城东镇 东环路 2 号）
监测点：5 号点（dev-5）
事项：施工场地 PM10 小时浓度与县均值之差
最新测量：11月24日 00:00–01:00，PM10 均值 96.5 µg/m³，背景值 102 µg/m³，限值 80 µg/m³（扣除背景后）
持续：11月23日 23:00 起，约 2 小时
同时告知：住建局 值班室
查看并签收：http://desk.example:8400/cases/b22423547097e7e877ce
消息编号：mdb0cf464201df932b2d1（同一编号重复收到，只需处理一次）', 'http://desk.example:8400/cases/b22423547097e7e877ce', '[]', '{"matter": {"site": "\u4e8c\u53f7\u5de5\u5730", "address": "\u57ce\u4e1c\u9547 \u4e1c\u73af\u8def 2 \u53f7", "device": "dev-5", "device_name": "5 \u53f7\u70b9", "title": "\u65bd\u5de5\u573a\u5730 PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u4e4b\u5dee", "level": "warning", "start": 1795449600000, "end": 1795453200000, "pollutant": "pm10", "unit": "ug/m3", "value": 96.5, "background": 102.0, "subtracted": 102.0, "limit": 80.0, "capture": 0.98, "clause": "PM10 \u5c0f\u65f6\u6d53\u5ea6\u4e0e\u53bf\u5747\u503c\u7684\u5dee\u503c\u4e0d\u8d85\u8fc7 80\uff0c\u6bcf\u65e5\u8d85\u6807\u4e0d\u8d85\u8fc7 2 \u6b21", "citation": "DB13/2934-2019", "status": "reported", "administrative": false, "opened_at": 1795446000000, "reasons": [], "evidence": null, "regional": null, "devices": 1}}', 1795453200000, 1795446001000, 'pending', 1795446001000, 0, NULL, NULL, NULL, '', '');
SELECT pg_catalog.setval('public.attempts_n_seq', 14, true);
SELECT pg_catalog.setval('public.case_events_n_seq', 26, true);
SELECT pg_catalog.setval('public.cases_n_seq', 15, true);
SELECT pg_catalog.setval('public.dustwatch_schema_version_seq', 1, false);
SELECT pg_catalog.setval('public.messages_n_seq', 41, true);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_numbered UNIQUE (message, number);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (n);
ALTER TABLE ONLY public.case_events
    ADD CONSTRAINT case_events_id_key UNIQUE (id);
ALTER TABLE ONLY public.case_events
    ADD CONSTRAINT case_events_pkey PRIMARY KEY (n);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_breach_key UNIQUE (breach);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_id_key UNIQUE (id);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (n);
ALTER TABLE ONLY public.dustwatch_schema
    ADD CONSTRAINT dustwatch_schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_id_key UNIQUE (id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (n);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_told_once UNIQUE ("case", step, recipient, way);
CREATE INDEX cases_by_parent ON public.cases USING btree (parent);
CREATE INDEX cases_by_site ON public.cases USING btree (site, opened_at);
CREATE INDEX cases_by_state ON public.cases USING btree (state, opened_at);
CREATE INDEX cases_held ON public.cases USING btree (hold_until) WHERE (hold_until IS NOT NULL);
CREATE UNIQUE INDEX cases_one_open_fault ON public.cases USING btree (fault) WHERE ((fault IS NOT NULL) AND (recovered_at IS NULL));
CREATE INDEX ix_case_events_case ON public.case_events USING btree ("case");
CREATE INDEX ix_messages_case ON public.messages USING btree ("case");
CREATE INDEX messages_by_state ON public.messages USING btree (state);
CREATE INDEX messages_unfinished ON public.messages USING btree (channel, due_at) WHERE (done_at IS NULL);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_message_fkey FOREIGN KEY (message) REFERENCES public.messages(id);
ALTER TABLE ONLY public.case_events
    ADD CONSTRAINT case_events_case_fkey FOREIGN KEY ("case") REFERENCES public.cases(id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_case_fkey FOREIGN KEY ("case") REFERENCES public.cases(id);
