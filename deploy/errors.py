"""Exit codes and wording for failures of the operator's making (2) and for missing servers (3).

All other failures are ours and keep their traceback.
"""

from __future__ import annotations

from aiokafka.errors import KafkaConnectionError, KafkaError

from deploy.embedded.jars import JarError
from deploy.embedded.process import ServerError
from deploy.settings import SettingsError
from ingest.admin import TopicMismatch
from ingest.clock import BadClock
from ingest.strict_yaml import ConfigError

WRONG_CONFIGURATION = 2
MISSING_SERVER = 3


_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (ConfigError, WRONG_CONFIGURATION),
    (BadClock, WRONG_CONFIGURATION),
    (SettingsError, WRONG_CONFIGURATION),
    (TopicMismatch, WRONG_CONFIGURATION),
    (ServerError, MISSING_SERVER),
    (JarError, MISSING_SERVER),
    (KafkaConnectionError, MISSING_SERVER),
    (ConnectionError, MISSING_SERVER),
)


def exit_code_of(error: BaseException) -> int | None:
    """Exit code of a known failure, None for one of ours.

    An `exit_code` on the error itself (that of an unusable history, say) takes precedence.
    """
    own = getattr(error, "exit_code", None)
    if isinstance(own, int):
        return own
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return None


def words_of(error: BaseException) -> str:
    """Text for the operator."""
    if isinstance(error, KafkaError):
        return f"Kafka: {error}; is it running at the address in DUSTWATCH_KAFKA?"
    return str(error) or type(error).__name__
