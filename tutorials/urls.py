from django.urls import URLPattern, URLResolver, include, path

from tutorials.views import certificates, finding, home, learning, pictures, quizzes, reading, tracks

app_name = "tutorials"

# Grouped by their beginnings, so that a request passes over all that it does not ask for at once.
of_tutorial = [
    path("", reading.tutorial_detail, name="detail"),
    path("progress/", reading.progress, name="progress"),
    path("quiz/", quizzes.quiz, name="quiz"),
    path("bookmark/", learning.put_bookmark, name="put_bookmark"),
    path("bookmark/remove/", learning.remove_bookmark, name="remove_bookmark"),
    path("images/<path:name>", pictures.image, name="image"),
    path("card.png", pictures.tutorial_card, name="card"),
]
tutorials: list[URLPattern | URLResolver] = [
    path("", finding.tutorial_list, name="list"),
    path("feed.atom", finding.feed, name="feed"),
    path("<slug:slug>.md", finding.markdown, name="markdown"),
    path("<slug:slug>/", include(of_tutorial)),
]
own_learning = [
    path("", learning.overview, name="learning"),
    path("finished/", learning.finished, name="finished"),
    path("bookmarks/", learning.bookmark_list, name="bookmarks"),
    path("<int:number>/", learning.year, name="year"),
    path("goal/", learning.goal, name="goal"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("tutorials/", include(tutorials)),
    path("tracks/", tracks.track_list, name="tracks"),
    path("tracks/<slug:slug>/", tracks.track_detail, name="track"),
    path("tracks/<slug:slug>/card.png", pictures.track_card, name="track_card"),
    path("learning/", include(own_learning)),
    path("certificates/<uuid:pk>/", certificates.certificate, name="certificate"),
    path("certificates/<uuid:pk>/card.png", pictures.certificate_card, name="certificate_card"),
    path("certificates/<uuid:pk>/name/", certificates.change_name, name="certificate_name"),
    path("achievements/<slug:code>.svg", learning.achievement_picture, name="achievement_picture"),
    path("sitemap.xml", finding.sitemap, name="sitemap"),
    path("sitemap-<slug:section>.xml", finding.sitemap_file, name="sitemap_file"),
    path("robots.txt", finding.robots, name="robots"),
    path("llms.txt", finding.llms, name="llms"),
]
