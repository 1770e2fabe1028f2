from django.urls import path

from accounts.api import api_keys, auth, my_data, users

urlpatterns = [
    path("auth/signup", auth.SignUpView.as_view(), name="api-signup"),
    path("auth/login", auth.LoginView.as_view(), name="api-login"),
    path("auth/refresh", auth.RefreshView.as_view(), name="api-refresh"),
    path("auth/logout", auth.LogoutView.as_view(), name="api-logout"),
    path("users", users.PeopleView.as_view(), name="api-people"),
    path("users/me", users.MeView.as_view(), name="api-me"),
    path("users/me/sessions", users.SessionsView.as_view(), name="api-sessions"),
    path("users/me/sessions/<uuid:session_id>", users.SessionView.as_view(), name="api-session"),
    path("users/me/login-history", users.HistoryView.as_view(), name="api-login-history"),
    path("users/<int:user_id>", users.PersonView.as_view(), name="api-person"),
    path("users/me/export", my_data.ExportView.as_view(), name="api-export"),
    path("users/me/api-keys", api_keys.ApiKeysView.as_view(), name="api-keys"),
    path("users/me/api-keys/<int:key_id>", api_keys.ApiKeyView.as_view(), name="api-key"),
    path("users/me/api-keys/<int:key_id>/rotate", api_keys.RotateApiKeyView.as_view(), name="api-key-rotate"),
]
