"""OpenAPI 3.1 of the interface, made of the route table and of the tables of fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alerts.web.api import (
    BREACH_FIELDS,
    CASE_FIELDS,
    CHANGED,
    EVENT_FIELDS,
    INTERVAL_FIELDS,
    RANGE,
    SITE_FIELDS,
    ApiParameter,
)
from alerts.web.guarding import RouteRow
from alerts.web.problem_pages import ANSWER_FIELDS, NEEDED_FIELDS, PROBLEM_FIELDS

PREFIX = "/api/v1/"
# Route -> (parameters, fields of a row).
SHAPES: Mapping[str, tuple[tuple[ApiParameter, ...], Mapping[str, str]]] = {
    "cases": (CHANGED, CASE_FIELDS),
    "breaches": (CHANGED, {**BREACH_FIELDS, **EVENT_FIELDS}),
    "sites": ((), SITE_FIELDS),
    "intervals": (RANGE, INTERVAL_FIELDS),
}
HANDED_IN = "problems"
_FAULT = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}


async def document(request: Request) -> Response:
    """The document of this desk."""
    from alerts.web.route_table import ROWS  # which has this page itself

    return JSONResponse(openapi_of(ROWS, str(request.app.state.desk.base_url)))


def openapi_of(rows: Iterable[RouteRow], address: str) -> dict[str, Any]:
    """OpenAPI of the rows under `/api/v1/`; `address`: where the desk is reached."""
    paths = {
        row.path: {row.method.lower(): _operation(row) if row.method == "GET" else _handing_in(row)}
        for row in rows
        if row.path.startswith(PREFIX) and row.path.removeprefix(PREFIX) in (*SHAPES, HANDED_IN)
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "dustwatch", "version": "1"},
        "servers": [{"url": address}] if address else [],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }


def _operation(row: RouteRow) -> dict[str, Any]:
    what = row.path.removeprefix(PREFIX)
    parameters, fields = SHAPES[what]
    return {
        "operationId": row.name,
        "summary": row.says,
        "parameters": [
            {
                "name": one.name,
                "in": "query",
                "required": one.required,
                "description": one.says,
                "schema": dict(one.schema),
            }
            for one in parameters
        ],
        "responses": {
            "200": _answer("a page", _page(what, fields)),
            "400": _answer("a parameter that cannot be", _FAULT),
            "401": _answer("no token, or one that was taken back", _FAULT),
            "403": _answer("a token without the scope", _FAULT),
            "503": _answer("a store does not answer", _FAULT),
        },
    }


def _handing_in(row: RouteRow) -> dict[str, Any]:
    """A problem that people found, handed in by a program."""
    text: dict[str, Any] = {"type": "string"}
    instant: dict[str, Any] = {"type": ["string", "integer"]}
    shapes = {"measures": {"type": "array", "items": text}, "found_at": instant, "due": instant}
    said = {name: {**shapes.get(name, text), "description": is_} for name, is_ in PROBLEM_FIELDS.items()}
    problem = {
        "type": "object",
        "required": list(NEEDED_FIELDS),
        "additionalProperties": False,
        "properties": said,
    }
    taken = {
        "type": "object",
        "required": list(ANSWER_FIELDS),
        "properties": {name: {"description": says} for name, says in ANSWER_FIELDS.items()},
    }
    return {
        "operationId": row.name,
        "summary": row.says,
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": PROBLEM_FIELDS["key"],
                "schema": {"type": "string", "maxLength": 60},
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": problem}}},
        "responses": {
            "201": _answer("it is a case now", taken),
            "200": _answer("it is one already", taken),
            "400": _answer("no JSON object of these fields", _FAULT),
            "401": _answer("no token, or one that was taken back", _FAULT),
            "403": _answer("a token without the scope", _FAULT),
            "409": _answer("its key was used for another problem", _FAULT),
            "422": _answer("fields that can't be taken: `flaws` with field, value, why and way_out", _FAULT),
            "503": _answer("a store does not answer", _FAULT),
        },
    }


def _answer(says: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": dict(schema)}} if schema else {"text/html": {}}
    return {"description": says, "content": content}


def _page(what: str, fields: Mapping[str, str]) -> dict[str, Any]:
    row = {
        "type": "object",
        "required": list(fields),
        "additionalProperties": False,
        "properties": {name: {"description": says} for name, says in fields.items()},
    }
    return {
        "type": "object",
        "required": [what, "next"],
        "additionalProperties": False,
        "properties": {what: {"type": "array", "items": row}, "next": {"type": ["string", "null"]}},
    }
