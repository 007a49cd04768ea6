"""Pages of sign-in and of one's own account."""

import logging
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from dashboard.actions import action
from kodeweb.accounts import links, throttle
from kodeweb.accounts.forms import LinkPasswordForm, PasswordChangeForm, SignInForm
from kodeweb.accounts.models import BrowserSession
from kodeweb.clock import now_ms
from kodeweb.context import THEMES
from kodeweb.errors import render_error
from kodeweb.middleware.sessions import SEEN_AT, STARTED_AT
from kodeweb.redirects import safe_next

__all__ = [
    "AccountView",
    "SignInLinkView",
    "SignInView",
    "set_theme",
    "sign_out",
    "sign_out_everywhere",
]

logger = logging.getLogger("kodeweb.accounts")
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_YEAR_SECONDS = 365 * 24 * 3600
_hidden = method_decorator(sensitive_post_parameters(), name="dispatch")


def _see_other(target: str) -> HttpResponse:
    return HttpResponseRedirect(target, status=HTTPStatus.SEE_OTHER)


def _start_session(request: HttpRequest, user: User) -> None:
    """Sign in under a new session key, with the clock of the session limits started."""
    request.session.flush()
    login(request, user, backend=_BACKEND)
    request.session[STARTED_AT] = request.session[SEEN_AT] = now_ms()
    logger.info("user %s signed in from %s", user.pk, request.META.get("REMOTE_ADDR"))


@_hidden
@action("public")
class SignInView(View):
    """Sign in with name and password."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or go on when already signed in."""
        target = safe_next(request.GET.get("next", "/"))
        if request.user.is_authenticated:
            return _see_other(target)
        return self._form(request, SignInForm(), target)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check name and password: the same words and the same work for an unknown name."""
        target = safe_next(request.POST.get("next", "/"))
        form = SignInForm(request.POST)
        if not form.is_valid():
            return self._form(request, form, target, HTTPStatus.UNPROCESSABLE_ENTITY)
        name, address = form.cleaned_data["username"], request.META.get("REMOTE_ADDR", "")
        if wait := throttle.wait_seconds(name, address):
            return _too_many(request, wait)
        user = authenticate(request, username=name, password=form.cleaned_data["password"])
        if not isinstance(user, User):
            throttle.record_failure(name, address)
            logger.warning("sign-in failed from %s", address)
            form.add_error(None, "That name and password do not match.")
            return self._form(request, form, target, HTTPStatus.UNPROCESSABLE_ENTITY)
        throttle.clear_failures(name, address)
        _start_session(request, user)
        return _see_other(target)

    def _form(
        self, request: HttpRequest, form: SignInForm, target: str, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        context = {"form": form, "next": target}
        return render(request, "registration/sign_in.html", context, status=status)


def _too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """Answer 429 with the wait in seconds."""
    message = f"Too many failed tries for this name from your address. Wait {wait} s."
    response = render_error(request, HTTPStatus.TOO_MANY_REQUESTS, message=message)
    response["Retry-After"] = str(wait)
    return response


@_hidden
@action("public")
class SignInLinkView(View):
    """Sign in with a one-time link: looking at it does nothing, the button uses it up."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show one button and an optional password field."""
        link = links.find_link(token)
        if link is None:
            return _link_gone(request)
        return self._page(request, LinkPasswordForm(user=link.user))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Use the link and sign in; a password that is too weak costs nothing."""
        link = links.find_link(token)
        if link is None:
            return _link_gone(request)
        form = LinkPasswordForm(request.POST, user=link.user)
        if not form.is_valid():
            return self._page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        if not links.consume_link(link):
            return _link_gone(request)
        if form.cleaned_data["password"]:
            link.user.set_password(form.cleaned_data["password"])
            link.user.save(update_fields=["password"])
        _start_session(request, link.user)
        return _see_other(settings.LOGIN_REDIRECT_URL)

    def _page(
        self, request: HttpRequest, form: LinkPasswordForm, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        return render(request, "registration/sign_in_link.html", {"form": form}, status=status)


def _link_gone(request: HttpRequest) -> HttpResponse:
    return render_error(
        request,
        HTTPStatus.GONE,
        title="This link does not work any more",
        message="A sign-in link works once, within 15 minutes. "
        "Run kodeweb login-link where kodeweb runs to print a new one.",
    )


@require_POST
@action("public")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return _see_other("/sign-in/")


@require_POST
@action("account.own")
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of this user, this one included."""
    BrowserSession.objects.filter(user_id=request.user.pk).delete()
    logout(request)
    return _see_other("/sign-in/")


@_hidden
@action("account.own")
class AccountView(View):
    """One's own role, password, sessions and theme."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page."""
        return self._page(request, PasswordChangeForm(user=_user(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Change the password; every other session of this user ends."""
        user = _user(request)
        form = PasswordChangeForm(request.POST, user=user)
        if not form.is_valid():
            return self._page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        user.set_password(form.cleaned_data["new_password"])
        user.save(update_fields=["password"])
        update_session_auth_hash(request, user)
        others = BrowserSession.objects.filter(user_id=user.pk)
        others.exclude(session_key=request.session.session_key).delete()
        return _see_other("/account/?changed=1")

    def _page(
        self, request: HttpRequest, form: PasswordChangeForm, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        sessions = BrowserSession.objects.filter(user_id=request.user.pk).count()
        context = {
            "form": form,
            "themes": THEMES,
            "session_count": sessions,
            "is_changed": request.GET.get("changed") == "1",
        }
        return render(request, "registration/account.html", context, status=status)


def _user(request: HttpRequest) -> User:
    """Return the signed-in user; the declared action made sure that there is one."""
    assert isinstance(request.user, User)  # noqa: S101 (narrows the type)
    return request.user


@require_POST
@action("account.own")
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's scheme in a cookie, so that pages come painted."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        return render_error(request, HTTPStatus.BAD_REQUEST, message="There is no such theme.")
    is_scripted = request.headers.get("X-Requested-With") == "fetch"
    response: HttpResponse = (
        HttpResponse(status=HTTPStatus.NO_CONTENT)
        if is_scripted
        else _see_other(safe_next(request.POST.get("next", "/")))
    )
    response.set_cookie(
        settings.THEME_COOKIE_NAME,
        theme,
        max_age=_YEAR_SECONDS,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response
