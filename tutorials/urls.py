from django.urls import path

from tutorials.views import finding, home, learning, pictures, quizzes, reading, tracks

app_name = "tutorials"

urlpatterns = [
    path("", home.home, name="home"),
    path("tutorials/", finding.tutorial_list, name="list"),
    path("tutorials/feed.atom", finding.feed, name="feed"),
    path("tutorials/<slug:slug>.md", finding.markdown, name="markdown"),
    path("tutorials/<slug:slug>/", reading.tutorial_detail, name="detail"),
    path("tutorials/<slug:slug>/progress/", reading.progress, name="progress"),
    path("tutorials/<slug:slug>/quiz/", quizzes.quiz, name="quiz"),
    path("tutorials/<slug:slug>/bookmark/", learning.put_bookmark, name="put_bookmark"),
    path("tutorials/<slug:slug>/bookmark/remove/", learning.remove_bookmark, name="remove_bookmark"),
    path("tutorials/<slug:slug>/images/<path:name>", pictures.image, name="image"),
    path("tracks/", tracks.track_list, name="tracks"),
    path("tracks/<slug:slug>/", tracks.track_detail, name="track"),
    path("learning/", learning.overview, name="learning"),
    path("learning/finished/", learning.finished, name="finished"),
    path("learning/bookmarks/", learning.bookmark_list, name="bookmarks"),
    path("learning/goal/", learning.goal, name="goal"),
    path("achievements/<slug:code>.svg", learning.achievement_picture, name="achievement_picture"),
    path("sitemap.xml", finding.sitemap, name="sitemap"),
    path("sitemap-<slug:section>.xml", finding.sitemap_file, name="sitemap_file"),
    path("robots.txt", finding.robots, name="robots"),
    path("llms.txt", finding.llms, name="llms"),
]
