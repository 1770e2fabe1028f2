from django.urls import path

from billing.api import organisations, views

urlpatterns = [
    path("subscription", views.SubscriptionView.as_view(), name="api-subscription"),
    path("subscription/preview", views.PreviewView.as_view(), name="api-subscription-preview"),
    path("subscription/pause", views.PauseView.as_view(), name="api-subscription-pause"),
    path("subscription/invoices", views.InvoicesView.as_view(), name="api-subscription-invoices"),
    path("organisations", organisations.OrganisationsView.as_view(), name="api-organisations"),
    path("organisations/<slug:slug>/members", organisations.MembersView.as_view(), name="api-members"),
    path("organisations/<slug:slug>/members/<int:pk>", organisations.MemberView.as_view(), name="api-member"),
    path("organisations/<slug:slug>/members/<int:pk>/seat", organisations.SeatView.as_view(), name="api-seat"),
    path("organisations/<slug:slug>/invitations", organisations.InvitationsView.as_view(), name="api-invitations"),
    path(
        "organisations/<slug:slug>/invitations/<int:pk>",
        organisations.InvitationView.as_view(),
        name="api-invitation",
    ),
]
