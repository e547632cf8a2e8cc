"""The book of models in force, read from the state once for each version of it. Pure."""

from opsbot.domain.model_book import ModelBook, from_record
from opsbot.domain.remembered import Remembered
from opsbot.domain.state import State

SETTING = "models"
_EMPTY = ModelBook()
_book = Remembered(from_record)


def book_of(state: State) -> ModelBook:
    """Return the models that are declared; an empty book where no file ever was."""
    record = state.setting(SETTING)
    return _book(record) if record else _EMPTY
