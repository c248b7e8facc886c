"""An application in an environment, as Kubernetes objects. Pure: no Django, no I/O, no clock, no randomness.

`profile` is what goes in, `options` what a person may choose, `render.render` makes the objects, `rendered.Rendered` is what comes
out. One module a kind of thing: `workloads`, `pods`, `probes`, `services`, `routes`, `scaling`, `network`, `monitoring`, ...
`patches` applies a person's strategic merge patches, `formats` writes the same as plain YAML, Kustomize, Helm and Argo CD,
`policies` and `validation` judge any object, ours or others'. Absent on purpose: rows (see `workloads.rendering`) and clusters.
"""
