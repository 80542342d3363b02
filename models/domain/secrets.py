"""Credentials in text, known by their form: what reads like one becomes `***` before anything is stored (G3).

Two passes over the bytes, each linear in them. Some credentials follow a word that gives them away (`password=`,
`://user:`): the word is searched for, and a form is tried where it stands. Others begin like a vendor's tokens do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

MASK = "***"
SECRET_NAME = (
    r"(?i)(authorization|passw(or)?d|passphrase|secret|credential|private[-_.]?key|api[-_.]?key|access[-_.]?key"
    r"|(^|[-_.])(set[-_.])?cookies?$|(^|[-_.])token$|(access|refresh|id|auth|bearer|session|csrf|xsrf)[-_.]?token$)"
)
_QUOTE = r"[\"'\\]{0,4}"
_IS = rf"{_QUOTE}\s{{0,4}}(?:=>?|:|%3d)\s{{0,4}}"
_EQUALS = rf"{_QUOTE}\s{{0,4}}(?:=|%3d)\s{{0,4}}"
_VALUE = (
    r"(?:\"((?:[^\"\\]|\\.)+)|'((?:[^'\\]|\\.)+)|\\{1,8}[\"']([^\"'\\]+)"
    r"|([^\s&,;(){}\[\]<>\"'\\][^\s&,;\"'\\<>]*))"
)
_TELLING = rf"{_QUOTE}\s{{0,4}}:\s{{0,4}}{_QUOTE}([A-Za-z_.~+/=-]{{0,64}}[0-9][A-Za-z0-9_.~+/=-]{{7,}})"
_ELEMENT = r"(?:\s[^<>]{0,200})?>([^<]+)"
_KEYS = ("api", "access", "account", "secret", "private", "signing", "shared", "master", "encryption")
_OF_A_KEY = "|".join(rf"(?<={word})|(?<={word}[-_.\s])" for word in _KEYS)
_SCHEME = r"(?:bearer|basic|token|apikey|negotiate|ssws|aws4-hmac-sha256)"


def _perhaps(name: str) -> str:
    """What follows a name that has other meanings: `=`, an element, or something with a digit after a colon."""
    return rf"(?:{name}(?:{_EQUALS}{_VALUE}|{_ELEMENT}|{_TELLING})|(?<=[a-z0-9_-]){name}{_IS}{_VALUE})"


_AFTER: Mapping[str, str] = {
    "passw": rf"passw(?:or)?[dt](?:{_IS}{_VALUE}|{_ELEMENT})",
    "passphrase": rf"passphrase(?:{_IS}{_VALUE}|{_ELEMENT})",
    "pwd": rf"pwd{_IS}{_VALUE}",
    "key": rf"(?:{_OF_A_KEY})key(?:{_IS}{_VALUE}|{_ELEMENT})",
    "token": _perhaps("token"),
    "secret": _perhaps("secret"),
    "credential": _perhaps("credentials?"),
    "session": rf"session(?:[-_.]?id{_IS}|{_EQUALS}){_QUOTE}([A-Za-z0-9_.~+/%=-]{{8,}})",
    "sig": rf"(?:(?<=[?&;\s])sig|signature){_EQUALS}{_QUOTE}([A-Za-z0-9_.~+/%=-]{{8,}})",
    "authorization": rf"authorization{_IS}{_QUOTE}(digest\s[^\r\n]+|(?:{_SCHEME}\s{{1,4}})?[^\s\"'\\]+)",
    "cookie": rf"cookie2?{_IS}{_QUOTE}([^\r\n\"'\\]+)",
    **{
        scheme: rf"(?<![a-z0-9_-])({scheme}(?:\s|%20|\+){{1,4}}[a-z0-9._~+/=-]{{16,}})"
        for scheme in ("bearer", "basic", "ssws")
    },
    "://": r"://(?:[^\s/:@]{0,256}:([^\s/@]{1,512})|([^\s/:@?#]{20,512}))@",
    "--": r"--(?:password|passwd|token|api-?key|secret|pass)[ =]\s{0,4}([^\s\"']+)",
    "-u ": r"(?<=\s)-u [^\s:]{1,64}:([^\s\"']+)",
    "identified": r"identified\s{1,4}by\s{1,4}[\"']([^\"']+)",
    "-----begin": r"-----begin [a-z0-9 ]{0,40}private key(?: block)?-----([^-]+)",
    ":aa": r"(?<=[0-9]{8}):(aa[a-z0-9_-]{32,})",
    "hooks.slack": r"hooks\.slack(?:-gov)?\.com/\w{1,20}/([a-z0-9/_+-]+)",
    "/webhook": r"/webhooks?b?2?/([a-z0-9/_@.-]{16,})",
    "googleapis.com/v1/spaces": r"googleapis\.com/v1/spaces/([^\s\"']+)",
}
VENDORS: Mapping[str, str] = {
    "JSON web token": r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}",
    "AWS": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    "GitHub": r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
    "GitLab": r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9_.-]{16,}",
    "Slack": r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}",
    "Stripe": r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}",
    "Google": r"AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
    "models": r"sk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}",
    "registries": r"npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}|dckr_pat_[A-Za-z0-9_-]{20,}|rubygems_[0-9a-f]{32,}",
    "post": r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}|key-[0-9a-f]{32}|SK[0-9a-f]{32}",
    "hosters": r"do[opr]_v1_[0-9a-f]{32,}|dapi[0-9a-f]{32}|hv[sbr]\.[A-Za-z0-9_-]{20,}|dp\.[psc]t\.[A-Za-z0-9]{20,}",
    "trade": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[A-Za-z0-9_-]{20,}|EAAA[A-Za-z0-9_-]{56,}",
    "desks": r"ATATT[A-Za-z0-9_=-]{20,}|lin_api_[A-Za-z0-9]{30,}|NRAK-[A-Z0-9]{20,}|glsa_[A-Za-z0-9_]{20,}",
    "age": r"AGE-SECRET-KEY-1[A-Z0-9]{40,}",
}
_SPACE = r"(?:[\s\v]|\\+(?:[nrtf]|u000b))"  # as JSON escapes it too, and JSON in JSON
_BEFORE = rf"[\"'\\]*{_SPACE}*[=:%]"
_LIKELY = {  # where the word alone would show too often: by chance in random ids, or in plain talk
    "pwd": rf"pwd{_BEFORE}",
    "key": rf"(?:{'|'.join(_KEYS)})(?:[-_.]|{_SPACE})?key",
    "token": r"token(?:[^s]|$)",
    "session": rf"session(?:[-_.]?id)?{_BEFORE}",
    "sig": rf"(?:(?:[?&;]|{_SPACE})sig|signature){_BEFORE}",
    **{scheme: rf"{scheme}(?:{_SPACE}|%20|\+)" for scheme in ("bearer", "basic", "ssws")},
    "://": r"://[^\s/@]+@",
    "--": r"--(?:pass|token|api-?key|secret)",
    "-u ": rf"{_SPACE}-u ",
    "identified": rf"identified{_SPACE}{{1,4}}by",
    ":aa": r"[0-9]:aa[a-z0-9_-]{16}",
}
_COUNT = re.compile(r"\{(\d+),?\d*\}.*")


def _beginnings(form: str) -> list[str]:
    """How each token of a vendor begins, as far as the first 16 characters of the first part that has a length."""
    each = re.split(r"\|(?![^(]*\))", form)
    return [_COUNT.sub(lambda count: f"{{{min(int(count[1]), 16)}}}", one) for one in each]


_WORDS = "|".join(_LIKELY.get(word, re.escape(word)) for word in _AFTER)
_HEADS = "|".join(beginning for form in VENDORS.values() for beginning in _beginnings(form))
HINT = rf"(?i:{_WORDS})|{_HEADS}|@tcp\(|@unix\("
"""Finds every place that may hold a credential and few others, also through bytes that are no text. RE2 reads it too.
It looks at nothing before a place, so what it finds in a text it finds in all that holds the text.
"""
_after = [(word.encode(), re.compile(form.encode(), re.IGNORECASE)) for word, form in _AFTER.items()]
_behind = re.compile(rb":([^\s@:/]{1,128})@(?:tcp|unix|ssl)\(")
_words = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.=-]{15,}")
_vendor = re.compile("|".join(VENDORS.values()).encode())
_name = re.compile(SECRET_NAME)


def secret_name(name: str) -> bool:
    """Whether an attribute or field of this name is taken for a credential."""
    return _name.search(name) is not None


def suspicious(text: str) -> bool:
    """Whether a text, JSON as it stands too, holds a credential by its form."""
    return next(_places(_bytes(text)), None) is not None


def without_secrets(text: str) -> str:
    """The text with every credential in it as `***`."""
    raw = _bytes(text)
    left = masked_bytes(raw)
    return text if left is raw else left.decode("utf-8", "surrogatepass")


def masked_bytes(raw: bytes) -> bytes:
    """The same for text in UTF-8, or any other code that has ASCII's; the very bytes where there is none."""
    places = sorted(_places(raw))
    if not places:
        return raw
    kept, at = list[bytes](), 0
    for start, end in places:
        if end > at:
            kept += (raw[at:start], MASK.encode()) if start >= at else ()
            at = end
    return b"".join((*kept, raw[at:]))


def purged(value: Any) -> Any:
    """A JSON-ready value with every credential in its texts as `***`, at any depth."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {without_secrets(name) if isinstance(name, str) else name: purged(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [purged(held) for held in value]
    return value


def without_secrets_in(document: str) -> str:
    """A JSON document with every credential in its texts as `***`; as it is where there is none."""
    return orjson.dumps(purged(orjson.loads(document))).decode() if suspicious(document) else document


def _places(raw: bytes) -> Iterator[tuple[int, int]]:
    """Where credentials stand."""
    lowered = raw.lower()
    for word, form in _after:
        at = lowered.find(word)
        while at >= 0:
            found = form.match(raw, at)
            if found is not None and found.lastindex:
                yield found.span(found.lastindex)
            at = lowered.find(word, found.end() if found else at + len(word))
    if b"@tcp(" in lowered or b"@unix(" in lowered:
        yield from (found.span(1) for found in _behind.finditer(raw))
    for run in _words.finditer(raw):
        if (token := _vendor.match(raw, run.start())) is not None:
            yield token.span()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
