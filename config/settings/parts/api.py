"""The API under /api/v1 and its document."""

from config.env import BASE_DIR

ERROR_CODES = BASE_DIR / "docs/api/errors.md"  # the list that /docs/errors shows

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.authentication.AccessMatrix"],
    "DEFAULT_PARSER_CLASSES": ["apps.common.http.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer", "apps.common.http.ProblemRenderer"],
    "EXCEPTION_HANDLER": "apps.common.http.answer_error",
    "DEFAULT_SCHEMA_CLASS": "apps.common.serializers.Operations",
    "DEFAULT_PAGINATION_CLASS": "apps.common.pagination.CursorPages",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Alef API",
    "DESCRIPTION": "Issuance, trading and settlement of regulated security tokens. "
    "Live market data and own orders: the WebSocket /ws/v1, see docs/api/websocket.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # a PATCH needs what its body says that it needs
    "ENUM_NAME_OVERRIDES": {
        # chain
        "IntentKindEnum": "apps.chain.api.KINDS",
        "IntentStateEnum": "apps.chain.api.STATES",
        # trading
        "OrderStatusEnum": "apps.trading.api.outputs.ORDER_STATUS",
        "SettlementStatusEnum": "apps.trading.api.outputs.SETTLEMENT_STATUS",
        "SideEnum": "apps.trading.api.outputs.SIDE",
        "TradingStateEnum": "apps.trading.api.outputs.TRADING_STATE",
        # wallets
        "DepositStatusEnum": "apps.wallets.api.answers.DEPOSIT_STATUS",
        "WithdrawalStatusEnum": "apps.wallets.api.answers.WITHDRAWAL_STATUS",
        "DestinationKindEnum": "apps.wallets.api.answers.DESTINATION_KIND",
    },
}
