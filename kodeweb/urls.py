"""Root routes. The dashboard owns ``/``, ``/browse`` and ``/manage``; ``/stores`` stays free."""

from django.urls import include, path

from kodeweb import errors
from kodeweb.accounts import views as accounts
from kodeweb.csp import csp_report

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("sign-in/", accounts.SignInView.as_view(), name="sign_in"),
    path("sign-in/<str:token>/", accounts.SignInLinkView.as_view(), name="sign_in_link"),
    path("sign-out/", accounts.sign_out, name="sign_out"),
    path("account/", accounts.AccountView.as_view(), name="account"),
    path("account/sign-out-everywhere/", accounts.sign_out_everywhere, name="sign_out_everywhere"),
    path("account/theme/", accounts.set_theme, name="set_theme"),
    path("csp-report/", csp_report, name="csp_report"),
    path("", include("dashboard.urls")),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
