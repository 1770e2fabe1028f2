from django.urls import include, path

from accounts.views import addresses, api_keys, devices, my_data, profiles

app_name = "accounts"
settings = [
    path("profile/", profiles.settings, name="settings_profile"),
    path("profile/picture/", profiles.put_picture, name="put_picture"),
    path("profile/picture/remove/", profiles.remove_picture, name="remove_picture"),
    path("sessions/", devices.session_list, name="sessions"),
    path("sessions/end-others/", devices.end_other_sessions, name="end_other_sessions"),
    path("sessions/<uuid:session_id>/end/", devices.end_session, name="end_session"),
    path("email/<str:token>/", addresses.confirm_change, name="confirm_email_change"),
    path("history/", devices.history, name="history"),
    path("api-keys/", api_keys.api_key_list, name="api_keys"),
    path("api-keys/<int:key_id>/rotate/", api_keys.rotate_api_key, name="rotate_api_key"),
    path("api-keys/<int:key_id>/revoke/", api_keys.revoke_api_key, name="revoke_api_key"),
    path("data/", my_data.my_data, name="my_data"),
    path("data/exports/", my_data.ask_export, name="ask_export"),
    path("data/exports/<uuid:pk>/", my_data.download_export, name="download_export"),
    path("data/erasure/", my_data.ask_erasure, name="ask_erasure"),
    path("data/erasure/cancel/", my_data.keep_account, name="keep_account"),
]
urlpatterns = [
    path("u/<slug:handle>/", profiles.profile, name="profile"),
    path("u/<slug:handle>/picture", profiles.picture, name="picture"),
    path("settings/", include(settings)),
]
