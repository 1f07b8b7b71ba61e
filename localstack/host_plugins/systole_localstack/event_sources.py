"""Makes LocalStack's queue triggers as quick and as parallel as Lambda's.

LocalStack polls each queue from one thread that waits for the function before it takes the next message, and sleeps
after each empty answer. On AWS a trigger has up to `MaximumConcurrency` invocations in flight and waits at the queue.
"""

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.runtime import hooks
from localstack.utils.patch import patch
from localstack.utils.threads import FuncThread

# Long enough to cost nothing while idle, short enough that a deleted trigger ends soon.
LONG_POLL_SECONDS = 5


@hooks.on_infra_start()
def poll_like_lambda():
    @patch(SqsPoller.__init__)
    def wait_at_the_queue(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        # With a larger batch the wait would hold back the messages that have come.
        if self.batch_size == 1:
            self.maximum_batching_window = LONG_POLL_SECONDS

    @patch(EsmWorker.start)
    def poll_in_parallel(original, self):
        original(self)
        concurrency = self.esm_config.get("ScalingConfig", {}).get("MaximumConcurrency", 1)
        for number in range(1, concurrency):
            FuncThread(self.poller_loop, name=f"event-source-{self.uuid}-{number}").start()
