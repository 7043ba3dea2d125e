"""What a person may change about themselves here, and allauth's forms in the site's own words."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User

LABELS = {
    "email": _("E-mail"),
    "login": _("E-mail"),
    "code": _("Code"),
    "oldpassword": _("Current password"),
    "password2": _("New password, once more"),
}


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name",)
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class ClaimForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("The e-mail you paid with"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class PlainWords:
    """Labels say what a field is, so placeholders only repeat them; a code brings up a phone's digits."""

    fields: dict[str, forms.Field]
    words: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = (LABELS | self.words).get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if name == "code":
                field.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}


class LoginForm(PlainWords, account.LoginForm):
    pass


class SignupForm(PlainWords, account.SignupForm):
    pass


class AddEmailForm(PlainWords, account.AddEmailForm):
    pass


class ResetPasswordForm(PlainWords, account.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(PlainWords, account.ResetPasswordKeyForm):
    words = {"password1": _("New password")}


class ChangePasswordForm(PlainWords, account.ChangePasswordForm):
    words = {"password1": _("New password")}


class SetPasswordForm(PlainWords, account.SetPasswordForm):
    words = {"password1": _("New password")}


class RequestLoginCodeForm(PlainWords, account.RequestLoginCodeForm):
    pass


class ConfirmLoginCodeForm(PlainWords, account.ConfirmLoginCodeForm):
    pass


class ReauthenticateForm(PlainWords, account.ReauthenticateForm):
    pass


class AuthenticateForm(PlainWords, mfa.AuthenticateForm):
    pass


class ReauthenticateByCodeForm(PlainWords, mfa.ReauthenticateForm):
    pass


class ActivateAppForm(PlainWords, ActivateTOTPForm):
    pass


class AddPasskeyForm(PlainWords, AddWebAuthnForm):
    """allauth speaks of a passwordless key; people know it as a passkey, and mostly want one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        if "passwordless" in self.fields:
            field = self.fields["passwordless"]
            field.initial = True
            field.label = _("Sign in with it alone, without a password")
            field.help_text = _("It then asks for your fingerprint, face or PIN.")
