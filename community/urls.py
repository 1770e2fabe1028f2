from django.urls import URLPattern, URLResolver, include, path

from community.views import (
    composing,
    drafts,
    feeds,
    following,
    images,
    lists,
    moderation,
    notifications,
    reporting,
    searching,
    threads,
)

app_name = "community"

# Grouped by their beginnings, so that a request passes over all that it does not ask for at once.
of_post = [
    path("feed.atom", feeds.comments, name="post_feed"),
    path("", threads.post, name="post_by_id"),
    path("edit/", composing.edit_post, name="edit_post"),
    path("delete/", composing.delete_post, name="delete_post"),
    path("history/", threads.post_history, name="post_history"),
    path("like/", threads.like_post, name="like_post"),
    path("comment/", composing.add_comment, name="add_comment"),
    path("accepted-answer/", threads.accept_answer, name="accept_answer"),
    path("watch/", following.watch_post, name="watch_post"),
    path("report/", reporting.report_post, name="report_post"),
    path("moderate/", moderation.moderate_post, name="moderate_post"),
    # The last one: any other word after the number is a title.
    path("<slug:slug>/", threads.post, name="post"),
]
of_comment = [
    path("", threads.comment, name="comment"),
    path("reply/", composing.reply, name="reply"),
    path("edit/", composing.edit_comment, name="edit_comment"),
    path("delete/", composing.delete_comment, name="delete_comment"),
    path("history/", threads.comment_history, name="comment_history"),
    path("like/", threads.like_comment, name="like_comment"),
    path("report/", reporting.report_comment, name="report_comment"),
    path("moderate/", moderation.moderate_comment, name="moderate_comment"),
]
of_moderators = [
    path("", moderation.queue, name="moderation"),
    path("cases/<int:pk>/", moderation.case, name="case"),
    path("people/<slug:handle>/", moderation.person, name="moderate_person"),
    path("log/", moderation.log, name="staff_log"),
    path("log/<int:pk>/undo/", moderation.undo, name="undo_action"),
]
community: list[URLPattern | URLResolver] = [
    path("posts/<int:pk>/", include(of_post)),
    path("comments/<int:pk>/", include(of_comment)),
    path("moderation/", include(of_moderators)),
    path("", lists.post_list, name="list"),
    path("c/<slug:slug>/", lists.category, name="category"),
    path("tags/<slug:tag>/", lists.tag, name="tag"),
    path("similar/", searching.similar, name="similar"),
    path("feed.atom", feeds.posts, name="feed"),
    path("c/<slug:slug>/feed.atom", feeds.category, name="category_feed"),
    path("tags/<slug:tag>/feed.atom", feeds.tag, name="tag_feed"),
    path("new/", composing.new_post, name="new_post"),
    path("preview/", composing.preview, name="preview"),
    path("drafts/", drafts.draft_list, name="drafts"),
    path("drafts/save/", drafts.save, name="save_draft"),
    path("drafts/<int:pk>/discard/", drafts.discard, name="discard_draft"),
    path("images/", images.image_list, name="images"),
    path("images/<str:name>", images.image, name="image"),
    path("images/<str:name>/remove/", images.remove_image, name="remove_image"),
    path("following/", following.watch_list, name="following"),
    path("following/<int:pk>/remove/", following.remove_watch, name="remove_watch"),
    path("categories/<slug:slug>/watch/", following.watch_category, name="watch_category"),
    path("tags/<slug:tag>/watch/", following.watch_tag, name="watch_tag"),
    path("people/<slug:handle>/watch/", following.watch_person, name="watch_person"),
]
of_notifications = [
    path("", notifications.notification_list, name="notifications"),
    path("read/", notifications.mark_all_read, name="mark_all_read"),
    path("unsubscribe/<str:token>/", notifications.unsubscribe, name="unsubscribe"),
    path("<int:pk>/", notifications.visit, name="visit_notification"),
    path("<int:pk>/read/", notifications.mark_read, name="mark_read"),
]

urlpatterns = [
    path("community/", include(community)),
    path("notifications/", include(of_notifications)),
    path("search/", searching.search, name="search"),
    path("settings/notifications/", notifications.notification_settings, name="notification_settings"),
]
