"""What Prometheus is told: counts and times, never names, pictures or keys."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

__all__ = ["Metrics"]

LATENCIES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
"""Upper bounds in seconds."""
BATCHES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counters of one server, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "facenet_app_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "facenet_app_request_seconds",
            "Time to answer.",
            ("route",),
            buckets=LATENCIES,
            registry=self._registry,
        )
        self._batches = Histogram(
            "facenet_app_batch_faces", "Faces embedded together.", buckets=BATCHES, registry=self._registry
        )
        self._queue = Gauge(
            "facenet_app_queue_requests", "Requests held: waiting or worked on.", registry=self._registry
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; ``route`` is the template of its path."""
        self._requests.labels(route, method, status).inc()
        self._seconds.labels(route).observe(seconds)

    def batch(self, faces: int) -> None:
        """Count one run of the network."""
        self._batches.observe(faces)

    def watch_queue(self, length: Callable[[], float]) -> None:
        """Ask for the length of the queue whenever somebody looks."""
        self._queue.set_function(length)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
