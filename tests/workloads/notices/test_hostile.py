"""Titles and texts that would ping everybody, become a header, a link or a picture; secrets that answers repeat. All in vain."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from controlplane.core.errors import Invalid
from controlplane.core.redaction import redact
from tests.core.canaries import Canary, every
from tests.naughty import strings
from tests.workloads.notices.conftest import KEY, channel, go, states, tell
from tests.workloads.notices.hooks import Receiver
from tests.workloads.notices.post_office import PostOffice
from workloads.adapters import mail, signed_post, slack
from workloads.adapters.messages import Message
from workloads.models import Environment, NotificationAttempt
from workloads.notices import wording

pytestmark = pytest.mark.django_db
Hooks = Callable[..., Receiver]
HOSTILE = [
    "<!channel> look",
    "<!here|x>",
    "<!everyone>",
    "<@U012AB3CD>",
    "<#C012|general>",
    "<!subteam^S012>",
    "<http://evil.example|harmless>",
    "@channel @here @everyone @all @bob",
    "[click](http://evil.example)",
    "![x](http://evil.example/pixel.png)",
    "[x]: http://evil.example",
    "*bold* _it_ ~gone~ `code` > quote",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "Good\r\nBcc: everybody@example.org\r\n\r\nEvil body",
    "Good\nX-Evil: 1",
    "a\x00b\u202egnp.exe",
    "=?utf-8?q?=0D=0ABcc:_x@example.org?=",
    "http://evil.example javascript:alert(1)",
    "🧨" * 300,
]
CANARIES = every()


def texts_of(body: dict[str, Any]) -> list[str]:
    """Every text that a Slack-compatible receiver may read markup in."""
    found = [body["text"]]
    for block in body["blocks"]:
        found += [
            part["text"] for part in [block.get("text"), *block.get("elements", [])] if part and isinstance(part["text"], str)
        ]
    return found


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_pings_nobody_and_links_nowhere(title: str, hooks: Hooks, environment: Environment) -> None:
    receiver = hooks()
    channel("slack", receiver.url)
    tell(environment, title=title)
    go()
    body = receiver.got[0].json
    own = body["text"].splitlines()[-1]
    assert re.fullmatch(r"<http://localhost:8000/runs/7/>", own)
    for text in [body["text"].removesuffix(own), *texts_of(body)[1:]]:
        assert not re.search(r"[<>]|@[\w]|\]\(|\]:|https?:|javascript:", text), text
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
    kinds = {block["text"]["type"] for block in body["blocks"] if "text" in block}
    assert kinds == {"plain_text"}
    assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"] if "text" in block)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_becomes_no_header_and_no_second_recipient(
    title: str, post_office: PostOffice, environment: Environment
) -> None:
    channel("email", "team@example.org")
    tell(environment, title=title)
    go()
    (letter,) = post_office.got
    assert set(letter.keys()) == {
        *("To", "From", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "X-Timonel-Delivery"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert post_office.recipients == ["rcpt TO:<team@example.org>"]
    assert letter.get_content_type() == "text/plain"
    assert "\n" not in letter["Subject"]


def test_naughty_strings_can_be_sent_to_every_receiver(hooks: Hooks, post_office: PostOffice) -> None:
    _send_all((*strings.BYTES, *strings.MARKUP, *strings.share(1, 60)), hooks, post_office)


@pytest.mark.exhaustive
def test_every_naughty_string_can_be_sent_to_every_receiver(hooks: Hooks, post_office: PostOffice) -> None:
    _send_all(strings.EVERY, hooks, post_office)


def _send_all(texts: Sequence[str], hooks: Hooks, post_office: PostOffice) -> None:
    receiver = hooks()
    for text in texts:
        said = message(text)
        answers = (
            slack.send(said, receiver.url, private=True),
            signed_post.send(said, receiver.url, key=KEY, private=True, now=1),
            mail.send(said, "team@example.org"),
        )
        assert [answer.ended for answer in answers] == ["delivered"] * 3, text
    assert len(post_office.got) == len(texts)


def message(text: str) -> Message:
    """A message as it is made of an announcement whose every word is this text."""
    return Message(
        key="k",
        kind="run_failed",
        severity="info",
        subject="run-1",
        title=wording.title(redact(text)[:300], 0),
        text=wording.text(redact(text), [redact(text)], 1, []),
        link="http://localhost:8000/runs/1/",
        application="shop",
        environment="production",
        tier="production",
        happened_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org, b@example.org",
        "a@example.org\nRCPT TO:<b@example.org>",
        "<a@example.org>",
        "A <a@example.org>",
        "a@localhost>\r\n",
        "ä@example.org",
        "a@exämple.org",
        "",
        "a",
        '"a b"@example.org\r',
    ],
)
def test_an_address_that_is_none_gets_no_mail(address: str) -> None:
    with pytest.raises(Invalid):
        mail.check(address)


def test_escaping_is_done_once() -> None:
    assert slack.quoted("a & b < c") == "a &amp; b &lt; c"


def test_an_answer_that_repeats_the_question_tells_no_secret(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(usual="400")
    channel("webhook", receiver.url)
    receiver.says = f"you sent {receiver.url} with {KEY}".encode()
    tell(environment)
    go()
    error = NotificationAttempt.objects.get().error
    assert "you sent" in error
    assert "verysecretpartofit" not in error
    assert KEY not in error


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_no_secret_of_an_answer_is_kept(canary: Canary, hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(usual="400", says=canary.text.encode())
    channel("webhook", receiver.url)
    tell(environment, title=canary.text)
    go()
    assert states() == ["failed"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT error FROM workloads_notificationattempt UNION ALL SELECT title FROM workloads_announcement")
        kept = json.dumps(cursor.fetchall())
    assert canary.secret not in kept
    assert canary.secret[:12] not in kept or len(canary.secret) < 12 or canary.secret[:12] in "-----BEGIN "
    assert not any(canary.secret in got.body.decode() for got in receiver.got)
