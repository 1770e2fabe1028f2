"""What only a developer sees; included while DEBUG is on."""

from django.urls import path

from ops import views

app_name = "ops"
urlpatterns = [
    path("mail/", views.mails, name="mails"),
    path("mail/<str:file>/<int:number>/", views.mail, name="mail"),
    path("mail/<str:file>/<int:number>/html/", views.mail_html, name="mail-html"),
]
