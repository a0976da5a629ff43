"""Which triplets of a batch, or of a whole set, to learn from."""

from facenet_app.training.miners.easy_positive import EasyPositiveMiner
from facenet_app.training.miners.every import AllMiner
from facenet_app.training.miners.hard import HardMiner
from facenet_app.training.miners.mined import Mined, MinerConfig, OnlineMiner
from facenet_app.training.miners.offline import OfflineConfig, OfflineMiner
from facenet_app.training.miners.semi_hard import SemiHardMiner

__all__ = [
    "AllMiner",
    "EasyPositiveMiner",
    "HardMiner",
    "Mined",
    "MinerConfig",
    "OfflineConfig",
    "OfflineMiner",
    "OnlineMiner",
    "SemiHardMiner",
]
