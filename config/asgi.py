"""The ASGI application: pages and API through Django, WebSockets through Channels."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

django_application = get_asgi_application()

from config import websockets  # noqa: E402  # needs the app registry that was loaded above
from config.health import with_heartbeat  # noqa: E402

protocols = {"http": django_application, "websocket": websockets.application}
application = with_heartbeat(ProtocolTypeRouter(protocols), process="web")
