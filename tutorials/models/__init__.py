"""Tutorials and what people do with them."""

from tutorials.models.achievements import Achievement, Award
from tutorials.models.authoring import ReviewNote, TutorialImage, TutorialVersion, Verdict
from tutorials.models.certificates import Certificate
from tutorials.models.learning import Bookmark, Learner, LearningDay, TrackCompletion, TutorialProgress
from tutorials.models.quizzes import QuizAnswer, QuizAttempt
from tutorials.models.search import SearchWord
from tutorials.models.tutorials import AccessLevel, Difficulty, Status, Topic, Track, TrackStep, Tutorial

__all__ = [
    "AccessLevel",
    "Achievement",
    "Award",
    "Bookmark",
    "Certificate",
    "Difficulty",
    "Learner",
    "LearningDay",
    "QuizAnswer",
    "QuizAttempt",
    "ReviewNote",
    "SearchWord",
    "Status",
    "Topic",
    "Track",
    "TrackCompletion",
    "TrackStep",
    "Tutorial",
    "TutorialImage",
    "TutorialProgress",
    "TutorialVersion",
    "Verdict",
]
