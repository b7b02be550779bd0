"""The one table of the desk's routes: who may come in by each, and what is written of it.

Routes, the matrix of roles, its tests and the documents are made of it; a page that is not here is nowhere.
"""

from __future__ import annotations

from alerts.people.roles import (
    AUDIT,
    HEALTH,
    NAMES,
    OWN,
    PEOPLE,
    READ,
    ROLES,
    SIGN,
    SILENCE,
    TOKENS,
    WORK,
)
from alerts.web import (
    account_pages,
    api,
    audit_pages,
    case_lists,
    case_pages,
    health_pages,
    ledger,
    message_pages,
    openapi,
    people_pages,
    probes,
    rota_pages,
    sign_in,
    silence_pages,
    site_pages,
    stream,
    task_pages,
)
from alerts.web.guarding import RouteRow

ROWS: tuple[RouteRow, ...] = (
    # anybody
    RouteRow(
        "/healthz", "GET", probes.healthz, "healthz", "Whether the desk's process does its work.", "open"
    ),
    RouteRow("/readyz", "GET", probes.readyz, "readyz", "Whether both stores answer.", "open"),
    RouteRow("/sign-in", "GET", sign_in.page, "sign_in", "The page to sign in.", "open"),
    RouteRow("/sign-in", "POST", sign_in.sign_in, "sign_in_by", "Sign in with login and password.", "open"),
    RouteRow(
        "/in/{token}",
        "GET",
        sign_in.link,
        "link",
        "Whom a one-time link signs in, and for which case.",
        "open",
    ),
    RouteRow("/in/{token}", "POST", sign_in.by_link, "link_by", "Sign in by a one-time link.", "open"),
    # a setting has it: DUSTWATCH_DESK_METRICS
    RouteRow("/metrics", "GET", probes.metrics, "metrics", "Metrics for Prometheus.", "switched"),
    # machines and persons
    RouteRow(
        "/api/series",
        "GET",
        site_pages.api_series,
        "series",
        "Readings, means and limits of a monitor over a range.",
        "token",
        scope=READ,
    ),
    RouteRow(
        "/api/v1/cases", "GET", api.api_cases, "api_cases", "Cases as they change.", "token", scope=READ
    ),
    RouteRow(
        "/api/v1/breaches",
        "GET",
        api.api_breaches,
        "api_breaches",
        "Breaches as they change.",
        "token",
        scope=READ,
    ),
    RouteRow("/api/v1/sites", "GET", api.api_sites, "api_sites", "Sites.", "token", scope=READ),
    RouteRow(
        "/api/v1/intervals",
        "GET",
        api.api_intervals,
        "api_intervals",
        "Means of a site over a range.",
        "token",
        scope=READ,
    ),
    RouteRow(
        "/api/v1/openapi.json",
        "GET",
        openapi.document,
        "openapi",
        "What the interface is, as OpenAPI 3.1.",
        "token",
        scope=READ,
    ),
    # everybody who is signed in, for what their unit answers for
    RouteRow("/", "GET", site_pages.board, "board", "The live board."),
    RouteRow("/events", "GET", stream.events, "events", "Changes of the board as they come."),
    RouteRow("/sites/{site}", "GET", site_pages.site, "site", "One site.", viewed="site:{site}"),
    RouteRow("/cases", "GET", case_lists.listing, "cases", "The list of cases.", viewed="cases"),
    RouteRow("/cases/export", "POST", case_lists.export, "export_cases", "The list of cases as CSV."),
    RouteRow("/cases/{case}", "GET", case_pages.case, "case", "One case.", viewed="case:{case}"),
    RouteRow(
        "/cases/{case}/acknowledge",
        "POST",
        case_pages.acknowledge,
        "acknowledge",
        "Sign for a case.",
        may=SIGN,
    ),
    RouteRow(
        "/messages",
        "GET",
        message_pages.listing,
        "messages",
        "Who was told of what.",
        viewed="messages",
    ),
    RouteRow(
        "/rota", "GET", rota_pages.rota, "rota", "Who is on duty today and on the days ahead.", viewed="rota"
    ),
    RouteRow("/tasks", "GET", task_pages.listing, "tasks", "What one has to do.", viewed="tasks"),
    RouteRow("/tasks/export", "POST", ledger.export_ledger, "export_ledger", "The ledger of cases as CSV."),
    RouteRow("/tasks/{task}", "GET", task_pages.task, "task", "A case with its steps.", viewed="task:{task}"),
    RouteRow(
        "/tasks/{task}/print",
        "GET",
        task_pages.printed,
        "task_print",
        "A case on paper.",
        viewed="task:{task}",
    ),
    RouteRow(
        "/tasks/{task}/files/{digest}", "GET", task_pages.picture, "task_file", "What was handed in with it."
    ),
    RouteRow(
        "/tasks/{task}/{command}",
        "POST",
        task_pages.act,
        "task_act",
        "Take a step; the table of the life cycle says who may.",
        may=WORK,
    ),
    RouteRow("/sign-out", "POST", sign_in.sign_out, "sign_out", "Sign this device out.", may=OWN),
    RouteRow("/confirm", "GET", sign_in.confirm_page, "confirm", "Asks again who one is.", may=OWN),
    RouteRow("/confirm", "POST", sign_in.confirm, "confirm_by", "Prove by password who one is.", may=OWN),
    RouteRow("/account", "GET", account_pages.page, "account", "One's own account and devices.", may=OWN),
    RouteRow("/account/password", "POST", account_pages.password, "own_password", "A new password.", may=OWN),
    RouteRow(
        "/account/devices/{device}/end",
        "POST",
        account_pages.end_device,
        "end_device",
        "Sign another device of one's own out.",
        may=OWN,
    ),
    # who looks after the county or the platform
    RouteRow(
        "/health",
        "GET",
        health_pages.health,
        "health",
        "How the platform itself is.",
        may=HEALTH,
        viewed="health",
    ),
    # who keeps others from being told for a while
    RouteRow(
        "/silences",
        "GET",
        silence_pages.listing,
        "silences",
        "What nobody is told of for a while.",
        may=NAMES,
        viewed="silences",
    ),
    RouteRow(
        "/silences/new",
        "GET",
        silence_pages.new,
        "new_silence",
        "The form for a silence.",
        may=SILENCE,
        recent=True,
    ),
    RouteRow(
        "/silences", "POST", silence_pages.add, "add_silence", "A new silence.", may=SILENCE, recent=True
    ),
    RouteRow(
        "/silences/{silence}",
        "GET",
        silence_pages.one,
        "silence",
        "One silence.",
        may=SILENCE,
        recent=True,
        viewed="silence:{silence}",
    ),
    RouteRow(
        "/silences/{silence}/approve",
        "POST",
        silence_pages.approve,
        "approve_silence",
        "Approve of somebody else's.",
        may=SILENCE,
        recent=True,
    ),
    RouteRow(
        "/silences/{silence}/end",
        "POST",
        silence_pages.end,
        "end_silence",
        "End it before its time.",
        may=SILENCE,
        recent=True,
    ),
    # administrators
    RouteRow(
        "/people",
        "GET",
        people_pages.listing,
        "people",
        "All accounts.",
        may=PEOPLE,
        recent=True,
        viewed="people",
    ),
    RouteRow("/people", "POST", people_pages.add, "add_person", "A new account.", may=PEOPLE, recent=True),
    RouteRow(
        "/people/{account}",
        "GET",
        people_pages.person,
        "person",
        "One account.",
        may=PEOPLE,
        recent=True,
        viewed="person:{account}",
    ),
    RouteRow(
        "/people/{account}",
        "POST",
        people_pages.change,
        "change_person",
        "Change it.",
        may=PEOPLE,
        recent=True,
    ),
    RouteRow(
        "/people/{account}/link",
        "POST",
        people_pages.new_link,
        "person_link",
        "A new invitation.",
        may=PEOPLE,
        recent=True,
    ),
    RouteRow(
        "/people/{account}/end", "POST", people_pages.end, "end_person", "End it.", may=PEOPLE, recent=True
    ),
    RouteRow(
        "/tokens", "GET", people_pages.token_list, "tokens", "Tokens of machines.", may=TOKENS, recent=True
    ),
    RouteRow("/tokens", "POST", people_pages.add_token, "add_token", "A new token.", may=TOKENS, recent=True),
    RouteRow(
        "/tokens/{token}/revoke",
        "POST",
        people_pages.revoke_token,
        "revoke_token",
        "Take a token back.",
        may=TOKENS,
        recent=True,
    ),
    # auditors and administrators
    RouteRow(
        "/audit", "GET", audit_pages.log, "audit", "Who has done and seen what.", may=AUDIT, viewed="audit"
    ),
)


def matrix() -> str:
    """The table as Markdown, for deploy/docs/people.md: each route with the roles that come in by it."""
    head = ("| route | what it is | " + " | ".join(ROLES) + " | machine |", "|---" * (len(ROLES) + 3) + "|")
    return "\n".join([*head, *(_line(row) for row in ROWS)])


def _line(row: RouteRow) -> str:
    named = f"`{row.method} {row.path}`"
    if row.access == "open":
        return f"| {named} | {row.says} | " + " | ".join(["anybody"] * (len(ROLES) + 1)) + " |"
    if row.access == "switched":
        return (
            f"| {named} | {row.says} Off by default. | " + " | ".join(["anybody"] * (len(ROLES) + 1)) + " |"
        )
    may = ["yes" if row.may in role.may else "" for role in ROLES.values()]
    return f"| {named} | {row.says} | " + " | ".join([*may, f"`{row.scope}`" if row.scope else ""]) + " |"
