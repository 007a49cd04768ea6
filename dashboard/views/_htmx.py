"""The whole page, or one region of it: decided here and nowhere else."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

__all__ = ["render_page_or_partial", "wanted_partial"]


def wanted_partial(request: HttpRequest, *partials: str) -> str:
    """Return which of a page's regions the request asks for; empty for the whole page.

    Boosted requests and history restores want the page: a region alone would be a bare table.
    The first partial is taken when the target names none of them.
    """
    headers = request.headers
    if (
        headers.get("HX-Request") != "true"
        or headers.get("HX-Boosted") == "true"
        or headers.get("HX-History-Restore-Request") == "true"
    ):
        return ""
    target = headers.get("HX-Target", "")
    return target if target in partials else partials[0]


def render_page_or_partial(
    request: HttpRequest,
    template_name: str,
    *,
    partial: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Render ``template_name``, or its named partial when there is one to render.

    A partial sees its context only: what the shell of a page needs is not worked out for it.
    """
    if partial:
        text = render_to_string(f"{template_name}#{partial}", context)
        response = HttpResponse(text, status=status)
    else:
        response = render(request, template_name, context, status=status)
    patch_vary_headers(
        response, ("HX-Request", "HX-Target", "HX-Boosted", "HX-History-Restore-Request")
    )
    return response
