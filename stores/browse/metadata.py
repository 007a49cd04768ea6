"""Let out of ``agents.metadata`` only what may be shown: it holds provider keys (product F1).

A field is shown because it is named here, never because it looks harmless; even then, a value
that looks like a secret is masked.
"""

import re
from typing import Any, Final

from stores.browse.json_text import clean_text, parse_json, to_text

__all__ = ["MASK", "allowed_metadata", "mask_secrets"]

MASK: Final = "•••"
_MAX_TEXT: Final = 300
_MAX_TOOLS: Final = 200

# Label, path in the metadata. ``tools`` is read apart: of each tool only the name.
_FIELDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Template version", ("templateVersion",)),
    ("Provider", ("modelConfig", "provider")),
    ("Model", ("modelConfig", "model")),
    ("Tools", ("tools",)),
    ("Permission mode", ("permission", "mode")),
    ("Exposes thinking", ("exposeThinking",)),
    ("Retains thinking", ("retainThinking",)),
    ("Created", ("createdAt",)),
    ("Last saved", ("updatedAt",)),
    ("Breakpoint at last save", ("breakpoint",)),
    ("Config version", ("configVersion",)),
    ("Parent session", ("metadata", "parentAgentId")),
    ("Delegated by", ("metadata", "delegatedBy")),
    ("Sandbox", ("sandboxConfig", "kind")),
    ("Working directory", ("sandboxConfig", "workDir")),
)
_SECRET_NAME: Final = re.compile(
    r"(?:api|access|secret|private|auth|session|signing)[-_ ]?(?:key|token)s?\Z"
    r"|passw(?:or)?d|passphrase|secret|credential|authorization|bearer|cookie"
    r"|(?:\A|[-_])(?:token|key|pwd)\Z|[a-z]Token\Z",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
    r"|\b(?:sk|pk|rk)[-_][A-Za-z0-9_\-]{12,}"
    r"|\bAIza[A-Za-z0-9_\-]{20,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{16,}|\bglpat-[A-Za-z0-9_\-]{12,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9\-]{8,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{4,}(?:\.[A-Za-z0-9_\-]*)?"
    r"|\b(?:gsk|hf|nvapi|pplx|tvly|xai|r8|dop_v1)[-_][A-Za-z0-9_\-]{16,}",
    re.DOTALL,
)
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/\-]{8,}=*")
_URL_PASSWORD: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s/:@\"']{0,100}:)[^\s/@\"']+@"
)
_ASSIGNED: Final = re.compile(
    r"((?:api[-_]?key|secret|passw(?:or)?d|(?:access|auth|session)[-_]?(?:key|token)|authorization)"
    r"\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?)[^\s\"',;&}\\]{4,}",
    re.IGNORECASE,
)
_OPAQUE: Final = re.compile(r"\A(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9_+=\-]{32,}\Z")


def allowed_metadata(metadata_json: str | bytes | None) -> tuple[tuple[str, str], ...]:
    """Return the fields of ``agents.metadata`` that may be shown, as (label, text) pairs."""
    metadata, _ = parse_json(to_text(metadata_json)[0])
    pairs = ((label, _shown(_at(metadata, path))) for label, path in _FIELDS)
    return tuple((label, text) for label, text in pairs if text)


def mask_secrets(value: Any) -> Any:
    """Return text, or decoded JSON of any depth up to the parser's, with secrets masked."""
    if isinstance(value, str):
        return _mask_text(value)
    if isinstance(value, list | tuple):
        return [mask_secrets(child) for child in value]
    if isinstance(value, dict):
        return {
            key: MASK if _is_secret_member(key, child) else mask_secrets(child)
            for key, child in value.items()
        }
    return value


def _is_secret_member(name: object, value: object) -> bool:
    is_kept = value is None or isinstance(value, bool | int | float)
    return not is_kept and isinstance(name, str) and _SECRET_NAME.search(name) is not None


def _mask_text(text: str) -> str:
    if _OPAQUE.match(text):
        return MASK
    text = _SECRET.sub(MASK, text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _URL_PASSWORD.sub(rf"\1{MASK}@", text)
    return _ASSIGNED.sub(rf"\1{MASK}", text)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _tool_names(value)
    if not isinstance(value, str | int | float):
        return ""
    return str(_mask_text(clean_text(str(value)[:_MAX_TEXT])))


def _tool_names(tools: list[Any]) -> str:
    names = [tool.get("name") if isinstance(tool, dict) else tool for tool in tools[:_MAX_TOOLS]]
    shown = [_shown(name) for name in names if isinstance(name, str)]
    more = [f"and {len(tools) - _MAX_TOOLS} more"] if len(tools) > _MAX_TOOLS else []
    return ", ".join([*shown, *more])
