"""Forms of sign-in and the account page."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password

__all__ = ["LinkPasswordForm", "PasswordChangeForm", "SignInForm"]

_MAX_PASSWORD = 256


def _password(label: str, autocomplete: str, **options: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"class": "input", "autocomplete": autocomplete})
    return forms.CharField(
        label=label, max_length=_MAX_PASSWORD, strip=False, widget=widget, **options
    )


class SignInForm(forms.Form):
    """Name and password; what is wrong with them is said once, for both together."""

    username = forms.CharField(
        label="Name",
        max_length=150,
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    password = _password("Password", "current-password")


class LinkPasswordForm(forms.Form):
    """The optional password that somebody sets while signing in with a link."""

    password = _password(
        "Password for next time",
        "new-password",
        required=False,
        help_text="Optional. Without one, print a link again with kodeweb login-link.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_password(self) -> str:
        """Check a password that was given against the validators."""
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password, self._user)
        return password


class PasswordChangeForm(forms.Form):
    """A new password; the old one is asked for when there is one."""

    old_password = _password("Password now", "current-password", required=False)
    new_password = _password("New password", "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        if not user.has_usable_password():
            del self.fields["old_password"]

    def clean_old_password(self) -> str:
        """Compare with the password on record."""
        password: str = self.cleaned_data["old_password"]
        if not self._user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password

    def clean_new_password(self) -> str:
        """Check the new password against the validators."""
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self._user)
        return password
