"""The ASGI application: pages and API through Django, WebSockets through Channels."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

django_application = get_asgi_application()

from config.health import with_heartbeat  # noqa: E402  # needs the app registry that was loaded above

application = with_heartbeat(ProtocolTypeRouter({"http": django_application}), process="web")
