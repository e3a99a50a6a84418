"""Every address: pages at the root, the API under /api/v1, the compliance workplace under /admin."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from apps.accounts.urls import urlpatterns as accounts
from apps.businesses.urls import urlpatterns as businesses
from apps.chain.urls import urlpatterns as chain
from apps.kyc.urls import urlpatterns as kyc
from apps.notifications.urls import dev_urlpatterns
from apps.parameters.urls import urlpatterns as parameters
from apps.portals.urls import urlpatterns as portals
from apps.settlement.urls import urlpatterns as settlement
from apps.tokens.urls import urlpatterns as tokens
from apps.trading.urls import urlpatterns as trading
from apps.wallets.urls import urlpatterns as wallets
from config import api

handler400 = "apps.portals.views.bad_request"
handler403 = "apps.portals.views.forbidden"
handler404 = "apps.portals.views.not_found"
handler500 = "apps.portals.views.broken"

urlpatterns = [
    *portals,
    *accounts,
    *kyc,
    *businesses,
    *tokens,
    *wallets,
    *trading,
    *settlement,
    *chain,
    *parameters,
    path("language", set_language, name="set_language"),
    path("api/v1/", include("config.api", namespace="api")),
    path("api/", include(api.documents)),
    path("admin/", admin.site.urls),
]

if settings.DEVELOPMENT:
    urlpatterns += dev_urlpatterns
