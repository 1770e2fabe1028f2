"""Below /billing/."""

from django.urls import include, path

from billing.views import invitations, organisations

of_one = [
    path("", organisations.organisation, name="organisation"),
    path("leave/", organisations.leave, name="leave_organisation"),
    path("invited/", organisations.invited, name="invited"),
    path("invitations/", organisations.invite, name="invite"),
    path("invitations/<int:pk>/resend/", organisations.resend_invitation, name="resend_invitation"),
    path("invitations/<int:pk>/revoke/", organisations.revoke_invitation, name="revoke_invitation"),
    path("members/<int:pk>/", organisations.edit_member, name="member"),
    path("members/<int:pk>/seat/", organisations.take_seat, name="take_seat"),
    path("members/<int:pk>/seat/give-back/", organisations.give_back_seat, name="give_back_seat"),
    path("members/<int:pk>/ownership/", organisations.hand_over, name="hand_over"),
    path("members/<int:pk>/remove/", organisations.remove_member, name="remove_member"),
]
urlpatterns = [
    path("organisations/", organisations.organisation_list, name="organisations"),
    path("organisations/<slug:slug>/", include(of_one)),
    path("invitations/", invitations.join, name="join"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
]
