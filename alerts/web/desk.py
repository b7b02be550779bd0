"""Shared parts of all pages: the poller, the templates, and the words for a request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerts.casework import LifePlanner
from alerts.casework.emergency import CasesLists, shipped_lists
from alerts.kinds import kind_of
from alerts.lifecycle import WorkingCalendar
from alerts.messages.silencing import silence_of_mark
from alerts.people.units import COUNTY, name_of_unit
from alerts.routing.forms import Deliveries, DutyCalendar
from alerts.store.case_store import wall_ms
from alerts.web.access import Gate, person_of
from alerts.web.board_drawing import BoardDrawings
from alerts.web.log_look import LogLook
from alerts.web.plan import SitePlace, draw_plan
from alerts.web.poller import Poller
from alerts.web.security import TOKEN_COOKIE, keep, token_of
from alerts.web.sources import Sources
from alerts.web.words import LANGUAGES, Words, choose_language
from ingest.clock import Clock
from ingest.register import Register
from ingest.telemetry import Telemetry
from ingest.units import QUANTITIES

LANGUAGE_COOKIE = "desk_lang"
_UNITS = {quantity.name: quantity.unit for quantity in QUANTITIES.values()}
_STATIC = Path(__file__).with_name("static")


def _usual_calendar(register: Register) -> WorkingCalendar:
    return DutyCalendar().of_zone(register.county.zone)


class Desk:
    """Parts of the desk, created once for the application."""

    def __init__(
        self,
        sources: Sources,
        register: Register,
        clock: Clock,
        base_url: str,
        telemetry: Telemetry,
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        self.history, self.cases, self.people, self.messages, self.lives = sources[:5]
        self.silences, self.duty = sources.silences, sources.duty
        self.problems, self.notices = sources.problems, sources.notices
        # hours that a silence may last without a second person, by the county's own configuration
        self.silence_alone_h: Callable[[], float] = lambda: Deliveries().silence_alone
        self.gate = Gate(self.people, lambda: self.register, wall, base_url.startswith("https://"))
        self.clock = clock
        self._calendar_of: Callable[[Register], WorkingCalendar] = _usual_calendar
        self._lists_of: Callable[[], CasesLists] = shipped_lists
        self.checklist, self.emergency = shipped_lists()
        self.base_url = base_url.rstrip("/")
        self.telemetry = telemetry
        self.poller = Poller(sources, register, clock, telemetry)
        self.log: LogLook | None = None  # asked by the page of the platform's health
        self.environment = _environment()
        self._dom: dict[str, str] = {}
        self._show(register)
        telemetry.ready_when("stores", self._stores)

    def _show(self, register: Register) -> None:
        self.register = register
        self.life = LifePlanner(register, self._calendar_of(register))
        self.plan = draw_plan(
            [
                SitePlace(site.id, site.name, site.township, (site.location[0], site.location[1]))
                for site in register.sites.values()
            ]
        )
        self.place_names = {
            **{site.township: site.township for site in register.sites.values()},
            **{site.id: site.name for site in register.sites.values()},
            **{unit.id: unit.name for unit in register.departments.values()},
        }
        self.drawings = BoardDrawings()
        for site_id in register.sites:  # pages that are open keep their elements
            self._dom.setdefault(site_id, f"s{len(self._dom)}")
        self._words = {language: Words(language, register.county.zone) for language in LANGUAGES}

    def work_by(self, calendar_of: Callable[[Register], WorkingCalendar]) -> None:
        """When offices work, by a county's own calendar; asked again with each configuration."""
        self._calendar_of = calendar_of
        self.life = LifePlanner(self.register, calendar_of(self.register))

    def planner_now(self) -> LifePlanner:
        """The planner with who answers at present, by the store; blocks, may raise SQLAlchemy's errors."""
        return self.life if self.duty is None else replace(self.life, book=self.duty.book())

    def check_by(self, lists_of: Callable[[], CasesLists]) -> None:
        """What is looked at on a site, and what alerts ask, by a county's own lists; asked again with each
        configuration."""
        self._lists_of = lists_of
        self.checklist, self.emergency = lists_of()

    async def adopt(self, register: Register) -> None:
        """Show another configuration's sites, from the next board on."""
        self.poller.register = register
        self.checklist, self.emergency = self._lists_of()
        await self.poller.poll()
        self._show(register)

    def dom(self, site_id: str) -> str:
        """A name for elements of a site that needs no escaping anywhere."""
        return self._dom.get(site_id, "s-none")

    @property
    def secure(self) -> bool:
        """True if the desk is reached by https, so that cookies may require it."""
        return self.base_url.startswith("https://")

    def words(self, language: str) -> Words:
        """Words in one of LANGUAGES."""
        return self._words[language]

    def words_of(self, request: Request) -> Words:
        """Words in the reader's language."""
        return self._words[
            choose_language(
                request.query_params.get("lang"),
                request.cookies.get(LANGUAGE_COOKIE),
                request.headers.get("accept-language", ""),
                self.register.county.language,
            )
        ]

    def render(self, name: str, words: Words, **values: Any) -> str:
        """Render a template in one language."""
        return self.environment.get_template(name).render(
            w=words,
            _=words.gettext,
            gettext=words.gettext,
            ngettext=words.ngettext,
            register=self.register,
            plan=self.plan,
            asset=asset,
            dom=self.dom,
            units=_UNITS,
            kind_of=kind_of,
            silence_of=silence_of_mark,
            unit_name=self.unit_name,
            has_lives=self.lives is not None,
            **values,
        )

    def unit_name(self, unit: str, words: Words) -> str:
        """Name of a unit by the register; its id where that does not know it."""
        return str(words.gettext("the whole county")) if unit == COUNTY else name_of_unit(self.register, unit)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """A page in answer to a request; remembers a language that was asked for."""
        words = self.words_of(request)
        person = person_of(request)
        token = token_of(request) if person is None else person.form_token
        values.setdefault("now", self.clock.now_ms())
        html = self.render(
            name,
            words,
            path=request.url.path,
            url=request.url,
            token=token,
            person=person,
            partial=request.headers.get("hx-request") == "true",
            **values,
        )
        response = HTMLResponse(html, status, headers={"vary": "accept-language, cookie, hx-request"})
        if request.query_params.get("lang") in ("zh", "zh_CN", "zh-CN", "en"):
            keep(response, LANGUAGE_COOKIE, words.language, secure=self.secure)
        if person is None and request.cookies.get(TOKEN_COOKIE) != token:
            keep(response, TOKEN_COOKIE, token, secure=self.secure)
        return response

    def _stores(self) -> str | None:
        down = self.poller.down
        return "; ".join(f"{store}: {reason}" for store, reason in sorted(down.items())) or None


@cache
def asset(name: str) -> str:
    """Address of a static file, with its version so that browsers may keep it."""
    file = _STATIC / name
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.exists() else "missing"
    return f"/static/{name}?v={version}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("alerts.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
