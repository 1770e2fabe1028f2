from django.urls import path

from tutorials.api.views import achievements, authoring, certificates, images, learning, tracks, tutorials

urlpatterns = [
    path("tutorials", tutorials.TutorialsView.as_view(), name="api-tutorials"),
    path("tutorials/<slug:slug>", tutorials.TutorialView.as_view(), name="api-tutorial"),
    path("tutorials/<slug:slug>/progress", learning.ProgressView.as_view(), name="api-progress"),
    path("tutorials/<slug:slug>/quiz", learning.QuizView.as_view(), name="api-quiz"),
    path("tutorials/<slug:slug>/quiz/attempts", learning.AttemptsView.as_view(), name="api-attempts"),
    path("tutorials/<slug:slug>/bookmark", learning.BookmarkView.as_view(), name="api-bookmark"),
    path("tutorials/<slug:slug>/bookmarks/<slug:block>", learning.BookmarkView.as_view(), name="api-block-bookmark"),
    path("tutorials/<slug:slug>/review", authoring.ReviewView.as_view(), name="api-review"),
    path("tutorials/<slug:slug>/review/notes", authoring.ReviewNotesView.as_view(), name="api-review-notes"),
    path("tutorials/<slug:slug>/publication", authoring.PublicationView.as_view(), name="api-publication"),
    path("tutorials/<slug:slug>/archive", authoring.ArchiveView.as_view(), name="api-archive"),
    path("tutorials/<slug:slug>/versions", authoring.VersionsView.as_view(), name="api-versions"),
    path("tutorials/<slug:slug>/versions/<int:number>", authoring.VersionView.as_view(), name="api-version"),
    path(
        "tutorials/<slug:slug>/versions/<int:number>/restoration",
        authoring.RestorationView.as_view(),
        name="api-restoration",
    ),
    path("tutorials/<slug:slug>/images", images.ImagesView.as_view(), name="api-images"),
    path("tutorials/<slug:slug>/images/<path:name>", images.ImageView.as_view(), name="api-image"),
    path("topics", tutorials.TopicsView.as_view(), name="api-topics"),
    path("tracks", tracks.TracksView.as_view(), name="api-tracks"),
    path("tracks/<slug:slug>", tracks.TrackView.as_view(), name="api-track"),
    path("bookmarks", learning.BookmarksView.as_view(), name="api-bookmarks"),
    path("achievements", achievements.AchievementsView.as_view(), name="api-achievements"),
    path("users/me/achievements", achievements.MyAchievementsView.as_view(), name="api-my-achievements"),
    path(
        "users/<int:user_id>/achievements",
        achievements.AchievementsOfPersonView.as_view(),
        name="api-achievements-of-person",
    ),
    path("users/me/certificates", certificates.MyCertificatesView.as_view(), name="api-my-certificates"),
    path(
        "users/<int:user_id>/certificates",
        certificates.CertificatesOfPersonView.as_view(),
        name="api-certificates-of-person",
    ),
    path("certificates/<uuid:pk>", certificates.CertificateView.as_view(), name="api-certificate"),
]
