"""The API under /api/v1: what each app offers."""

from typing import Any

from django.urls import path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.accounts.urls import api_urlpatterns as accounts
from apps.audit.urls import api_urlpatterns as audit
from apps.businesses.urls import api_urlpatterns as businesses
from apps.chain.urls import api_urlpatterns as chain
from apps.kyc.urls import api_urlpatterns as kyc
from apps.ledger.urls import api_urlpatterns as ledger
from apps.parameters.urls import api_urlpatterns as parameters
from apps.settlement.urls import api_urlpatterns as settlement
from apps.tokens.urls import api_urlpatterns as tokens
from apps.trading.urls import api_urlpatterns as trading
from apps.wallets.urls import api_urlpatterns as wallets


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry is untyped
    """Tells the API's document how to log in."""

    target_class = "apps.accounts.authentication.AccessTokenAuthentication"
    name = ["accessToken", "accessCookie"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            {"type": "apiKey", "in": "cookie", "name": "access"},
        ]


app_name = "api"
urlpatterns = [
    *accounts,
    *audit,
    *ledger,
    *chain,
    *parameters,
    *kyc,
    *businesses,
    *tokens,
    *wallets,
    *trading,
    *settlement,
]

documents = [
    path("schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]
