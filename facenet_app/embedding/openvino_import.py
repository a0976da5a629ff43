"""OpenVINO without its telemetry."""

import sys
from types import ModuleType

__all__ = ["import_openvino"]

_TELEMETRY = "openvino_telemetry"


def import_openvino() -> ModuleType:
    """OpenVINO, which otherwise tells a server of Google Analytics that it was imported, under an id that it
    writes into the user's home folder. Without the package that does so it uses a stub of its own.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault(_TELEMETRY, None)  # type: ignore[arg-type]  # makes its import fail
    import openvino

    module: ModuleType = openvino
    return module
