"""The shape of what comes in."""

from tutorials.forms.finding import TutorialListForm
from tutorials.forms.learning import BookmarkForm, GoalForm, ProgressForm

__all__ = ["BookmarkForm", "GoalForm", "ProgressForm", "TutorialListForm"]
