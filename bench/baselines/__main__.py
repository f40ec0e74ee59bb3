"""Runs one baseline as the application is run: one uvicorn worker with uvloop and httptools, no access log."""

import sys

import uvicorn

if __name__ == "__main__":
    uvicorn.run(
        f"bench.baselines.{sys.argv[1]}:app",
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        server_header=False,
        log_level="warning",
        access_log=False,
    )
