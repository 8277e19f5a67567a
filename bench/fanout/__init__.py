"""Fan-out: what a delivery costs the server, beside Node's `ws` and `socket.io`, python-socketio and a bare loop.

    python -m bench.fanout

See `bench/README.md`. Linux only: CPU time and memory are read from /proc.
"""
