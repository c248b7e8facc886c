"""A background process: says which version is ticking."""

import time

from version import VERSION

while True:
    print(f"{VERSION} ticks at {time.time():.2f}", flush=True)
    time.sleep(0.2)
