"""Celery: four queues, JSON only, and a broker that may deliver twice.

With a Redis broker a task that is not acknowledged within the visibility timeout is delivered
again, so a session's deadline is shorter than it and every task is harmless when repeated; the
database decides who may write, never the queue.

Whatever may take longer says so: it acknowledges at the start (``acks_late=False``), asks
``trading.base.adapters.worker_drain.is_draining`` every second or so and ends when told, and a
supervising task on ``default`` finds by the database what nobody works on and sends it again.
"""

from kombu.entity import Queue

CELERY_TASK_QUEUES = [Queue(name) for name in ("desk", "ml", "sweeps", "default")]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
# First match wins: supervisors only look and dispatch, so they must not wait behind their work.
CELERY_TASK_ROUTES = (
    [
        ("trading.desk.tasks.sessions_supervise", {"queue": "default"}),
        ("optimizer.tasks.studies_supervise", {"queue": "default"}),
        ("trading.desk.tasks.*session*", {"queue": "desk"}),
        ("trading.desk.tasks.*train*", {"queue": "ml"}),
        ("optimizer.tasks.*", {"queue": "sweeps"}),
    ],
)

CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False

CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # seconds
    # No ``retry_on_timeout``: it lets the client reconnect behind the worker's back, which then
    # waits for ever on a subscription that the new connection never made.
    "socket_timeout": 10,
    "global_keyprefix": "guardian:",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker that comes back is used again

CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
DJANGO_CELERY_BEAT_TZ_AWARE = True
