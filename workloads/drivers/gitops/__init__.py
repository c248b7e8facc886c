"""GitOps: a release becomes a commit; Argo CD or Flux syncs it; Timonel watches them, looks for itself, and says how it went.

`driver` keeps the protocol. `files` (pure) makes a release's objects into files, `standing` (pure) reads what Argo CD and Flux
say of themselves, `committing` writes and reverts, `reviewing` goes through a pull request, `syncing` waits. Absent on purpose:
any write to an object that Argo CD or Flux owns (a way back is a revert commit), and Secrets in a repository.
"""

from workloads.drivers.gitops.driver import GitOpsDriver

__all__ = ["GitOpsDriver"]
