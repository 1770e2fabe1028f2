"""The shape of what comes in."""

from tutorials.forms.finding import TutorialListForm
from tutorials.forms.learning import BookmarkForm, CertificateNameForm, GoalForm, ProgressForm

__all__ = ["BookmarkForm", "CertificateNameForm", "GoalForm", "ProgressForm", "TutorialListForm"]
