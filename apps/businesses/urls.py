from django.urls import path

from apps.businesses import api, views

api_urlpatterns = [
    path("businesses", api.Businesses.as_view(), name="businesses"),
    path("businesses/<uuid:business_id>", api.BusinessDetail.as_view(), name="business"),
    path("admin/businesses", api.AdminBusinesses.as_view(), name="admin-businesses"),
    path("admin/businesses/<uuid:business_id>", api.AdminBusiness.as_view(), name="admin-business"),
]

urlpatterns = [
    path("businesses", views.businesses, name="businesses"),
    path("businesses/new", views.new, name="business-new"),
    path("businesses/<uuid:business_id>", views.business, name="business"),
    path("staff/businesses", views.queue, name="staff-businesses"),
    path("staff/businesses/<uuid:business_id>", views.review, name="staff-business"),
    path("staff/businesses/<uuid:business_id>/decide", views.decide, name="staff-business-decide"),
]
