"""What surrounds an application on a cluster, as one picture: routes lead to services, services to workloads, workloads to pods.

Pure: objects as the API gives them go in, frozen dataclasses come out (`picture.Picture`, made by `drawing.picture`). It may import
nothing but `workloads.quantities`. Absent on purpose: why something fails (that is `workloads.diagnosis`), and any clock.
"""
