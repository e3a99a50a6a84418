from django.contrib.admin.apps import AdminConfig


class WorkplaceConfig(AdminConfig):
    """Django admin with our site, so that apps register their pages in the ordinary way."""

    default_site = "config.admin.Workplace"
