"""The investigator: looks into an environment to answer a question, beginning with what the engine found. It only reads.

`beginning` gathers what Timonel itself knows (no model needed), `looking` and its neighbours are the tools a model may hold,
each bound to one `sight` (an environment and the latest Snapshot of it), `ledger` gives every piece of evidence its id, `asking`
is the question, `sifting` keeps of the answer what rests on evidence. There is no tool that proposes or acts. May import
`agents.llm`, `agents.tools`, `workloads`, `knowledge`, `controlplane.core` and the records of `agents`.
"""
