"""Binds LocalStack to this machine.

It would listen on all interfaces, whatever `GATEWAY_LISTEN` says, and it runs the code that it is given without asking
for credentials: an invitation to everybody in the same network.
"""

from functools import partial

from localstack.runtime import hooks
from twisted.internet import endpoints


@hooks.on_infra_start()
def listen_on_loopback():
    endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")
