"""The evidence, typed and indexed on demand: `cluster.View` is the door; rules ask it and never walk raw objects twice."""
