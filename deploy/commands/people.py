"""`dustwatch people`: who may use the desk, who answers for what and when, from the machine itself."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import click

from deploy.duty import commands as duty

if TYPE_CHECKING:
    from alerts.people.accounts import Account
    from alerts.store.people_store import PeopleStore


@click.group("people")
def command() -> None:
    """Accounts of the desk (list, invite, end), and responsibility with dates (export, import, check).

    Whoever may run this on the desk's machine may do everything: it is the way in when nobody else has one.

    \b
    Example: dustwatch people administrator
    """


for _one in (duty.export, duty.import_, duty.check, duty.revisions):
    command.add_command(_one)


@command.command("administrator")
def administrator() -> None:
    """Print a one-time link for an administrator: for the first one, or where the last was lost.

    \b
    Example: dustwatch people administrator
    """
    from deploy.first_accounts import administrator_link
    from deploy.settings import load_settings

    settings = load_settings()
    click.echo(administrator_link(_people(settings.cases), settings.base_url))
    click.echo("good once, for 7 days: whoever opens it first is administrator", err=True)


@command.command("list")
def list_() -> None:
    """List all accounts.

    \b
    Example: dustwatch people list
    """
    from deploy.settings import load_settings

    found = _people(load_settings().cases).accounts()
    for one in found:
        demo = "  of a demo" if one.of_demo else ""
        click.echo(f"{one.login:24} {one.state:8} {one.role:14} {one.unit:28} {one.name}{demo}")
    if not found:
        click.echo("no account yet: `dustwatch people administrator` makes the first one")


@command.command("invite")
@click.argument("login")
@click.option("--name", required=True, help="As it stands in the history of cases.")
@click.option("--role", required=True, help="site, contractor, township, department, office, verifier, ...")
@click.option("--unit", default="county", show_default=True, help="county, department:ID, site:ID, ...")
@click.option("--contact", default="", help="The recipient of messages that this person is: site:ID/NAME.")
def invite(login: str, name: str, role: str, unit: str, contact: str) -> None:
    """Make an account and print its one-time link; for one that is there, print another link.

    \b
    Example: dustwatch people invite zhouj --name 周建国 --role site --unit site:site-01
    """
    from alerts.people.accounts import ENDED, INVITED, Account, plain_login
    from alerts.people.roles import unit_fault
    from alerts.people.units import contacts_of
    from alerts.store.case_store import wall_ms
    from deploy.first_accounts import TERMINAL, add, link_for
    from deploy.settings import load_settings
    from ingest.register import load_register

    settings = load_settings()
    register = load_register(settings.config)
    if fault := unit_fault(role, unit, register):
        raise click.BadParameter(fault, param_hint="--role, --unit")
    if contact and contact not in contacts_of(register):
        raise click.BadParameter(f"{contact!r}: the register has no such contact", param_hint="--contact")
    people = _people(settings.cases)
    login = plain_login(login)
    account = people.account_of(login)
    if account is None:
        account = Account(
            uuid.uuid4().hex, login, name, role, unit, INVITED, wall_ms(), TERMINAL, contact=contact
        )
        add(people, account)
    elif account.state == ENDED:
        raise click.BadParameter(f"the account {login} has ended: take another login", param_hint="LOGIN")
    elif (account.role, account.unit) != (role, unit):
        words = f"{login} is {account.role} of {account.unit} already: change that on the page of people"
        raise click.BadParameter(words, param_hint="LOGIN")
    click.echo(link_for(people, account, settings.base_url))
    click.echo("good once, for 7 days: hand it to the person alone", err=True)


@command.command("end")
@click.argument("login")
@click.option("--reason", required=True, help="Why, for the audit log.")
@click.option("--to", "successor", metavar="LOGIN", help="Who takes over turns of duty and open tasks.")
@click.pass_context
def end(ctx: click.Context, login: str, reason: str, successor: str | None) -> None:
    """End an account: it is signed out everywhere; what it did stays in the history.

    Exit 1 and the list of what it holds, turns of duty and open tasks, where nobody is named to take it over.

    \b
    Example: dustwatch people end zhouj --reason "left the company" --to wangq
    """
    from alerts.people.accounts import ENDED
    from deploy.duty.leaving import hand_over, holdings, words_of
    from deploy.first_accounts import end_account
    from deploy.settings import load_settings

    settings = load_settings()
    people = _people(settings.cases)
    account = _account(people, login, "LOGIN")
    if account.state == ENDED:
        click.echo(f"{account.login} has ended already")
        return
    if successor is not None:
        taken = _account(people, successor, "--to")
        if revision := hand_over(settings, account, taken, reason):
            click.echo(f"revision {revision}: {taken.login} stands in the rota from tomorrow on")
    elif held := holdings(settings, people, account):
        for words in words_of(held):
            click.echo(f"{account.login}: {words}")
        click.echo(f"name who takes that over: `dustwatch people end {account.login} --to LOGIN`", err=True)
        ctx.exit(1)
    end_account(people, account, reason)
    click.echo(f"{account.login} has ended, and is signed out everywhere")


@command.command("erase")
@click.argument("name", metavar="LOGIN")
@click.option("--reason", required=True, help="Why, for the list of erasures and the audit log.")
def erase(name: str, reason: str) -> None:
    """Take a person's name and words out of the case store: for good, the records of cases still verify.

    The account ends. The audit log keeps what was done, and the county's folder is yours to change. Keep the
    list of erasures (`dustwatch people erasures --out FILE`) beside your copies of the store.

    \b
    Example: dustwatch people erase zhouj --reason "asked for it on 3 March"
    """
    from alerts.people.accounts import plain_login
    from deploy.erasing import erase_account
    from deploy.settings import load_settings

    url = load_settings().cases
    people = _people(url)
    account = people.account_of(plain_login(name)) or people.account(name)
    if account is None:
        known = ", ".join(one.login for one in people.accounts()) or "none"
        raise click.BadParameter(f"no account {name!r}; there are: {known}", param_hint="LOGIN")
    if not reason.strip():
        raise click.BadParameter("say why", param_hint="--reason")
    for line in erase_account(url, account.id, reason.strip()):
        click.echo(line)


@command.command("erasures")
@click.option("--out", type=click.Path(dir_okay=False), help="Write the list there, instead of printing it.")
@click.option("--apply", "given", type=click.Path(exists=True, dir_okay=False), help="Carry out a list.")
def erasures(out: str | None, given: str | None) -> None:
    """List what was erased, or carry out such a list in a copy of before, ahead of its services.

    The list names accounts by their ids alone, one JSON object a line.

    \b
    Example: dustwatch people erasures --out erasures.jsonl
    Example: dustwatch people erasures --apply erasures.jsonl
    """
    from pathlib import Path

    from alerts.people.erasures import erasures_in
    from deploy.erasing import apply_list, listed
    from deploy.settings import load_settings

    url = load_settings().cases
    if given is not None and out is not None:
        raise click.UsageError("--out and --apply: one of them")
    if given is not None:
        wanted = erasures_in(Path(given).read_text(encoding="utf-8"), given)
        click.echo(apply_list(url, wanted))
    elif out is not None:
        lines = listed(url)
        Path(out).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        click.echo(f"{len(lines)} erasures in {out}")
    else:
        for line in listed(url):
            click.echo(line)


def _account(people: PeopleStore, login: str, hint: str) -> Account:
    from alerts.people.accounts import plain_login

    account = people.account_of(plain_login(login))
    if account is None:
        known = ", ".join(one.login for one in people.accounts()) or "none"
        raise click.BadParameter(f"no account {login!r}; there are: {known}", param_hint=hint)
    return account


def _people(url: str) -> PeopleStore:
    from alerts.store.people_store import PeopleStore

    return PeopleStore(url)
