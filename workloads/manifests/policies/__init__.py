"""What is wrong with an object, ours or anybody's: one function a rule, each named after the public rule it follows.

`pod_security` is the Kubernetes Pod Security Standards, baseline and restricted; the others follow polaris and kube-linter.
`judge.judge` asks them all. Left out on purpose: polaris' cpuLimitsMissing (a limit throttles where nobody else wants the CPU),
priorityClassNotSet and metadataAndInstanceMismatched (matters of taste), kube-linter's no-anti-affinity where pods are spread.
"""
