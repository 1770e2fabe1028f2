"""Operations on tutorials and on what people do with them: permission, rule, write."""

from tutorials.services.importing import Imported, import_tutorials

__all__ = ["Imported", "import_tutorials"]
