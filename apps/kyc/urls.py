from django.urls import path

from apps.kyc import api, views

api_urlpatterns = [
    path("kyc", api.Kyc.as_view(), name="kyc"),
    path("kyc/files/<str:token>", api.File.as_view(), name="kyc-file"),
    path("admin/kyc", api.Cases.as_view(), name="kyc-cases"),
    path("admin/kyc/<uuid:application_id>", api.CaseDetail.as_view(), name="kyc-case"),
    path("admin/kyc/<uuid:application_id>/review", api.Review.as_view(), name="kyc-review"),
    path("admin/kyc/<uuid:application_id>/release", api.Release.as_view(), name="kyc-release"),
    path(
        "admin/kyc/<uuid:application_id>/documents/<uuid:document_id>", api.Judge.as_view(), name="kyc-judge"
    ),
]

urlpatterns = [
    path("kyc", views.check, name="kyc"),
    path("kyc/submit", views.submit, name="kyc-submit"),
    path("kyc/again", views.again, name="kyc-again"),
    path("kyc/files/<str:token>", views.file, name="kyc-file"),
    path("kyc/documents/add", views.upload, name="kyc-upload"),
    path("kyc/documents/<uuid:document_id>/remove", views.remove, name="kyc-remove"),
    path("kyc/<slug:step>", views.step, name="kyc-step"),
    path("staff/kyc", views.queue, name="kyc-queue"),
    path("staff/kyc/<uuid:application_id>", views.case, name="kyc-case"),
    path("staff/kyc/<uuid:application_id>/decide", views.decide, name="kyc-decide"),
    path("staff/kyc/<uuid:application_id>/release", views.release, name="kyc-release"),
    path("staff/kyc/<uuid:application_id>/documents/<uuid:document_id>", views.judge, name="kyc-judge"),
]
